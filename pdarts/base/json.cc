#include "pdarts/base/json.h"

#include <iconv.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace pdarts {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// The text with each byte that is not part of UTF-8 written as "\xe9".
std::string AsUtf8(const std::string& text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return text;
  const iconv_t converter = iconv_open("UTF-8", "UTF-8");
  CHECK(converter != reinterpret_cast<iconv_t>(-1));
  const absl::Cleanup close_it = [&] { iconv_close(converter); };
  std::string room(text.size(), '\0');
  std::string valid;
  char* from = const_cast<char*>(text.data());  // iconv does not change the input
  size_t left = text.size();
  while (left > 0) {
    char* to = room.data();
    size_t to_left = room.size();
    const size_t result = iconv(converter, &from, &left, &to, &to_left);
    valid.append(room.data(), to);
    if (result != static_cast<size_t>(-1)) break;
    absl::StrAppendFormat(&valid, "\\x%02x", static_cast<unsigned char>(*from));
    ++from;
    --left;
  }
  return valid;
}

/// Makes all texts of a message and its submessages UTF-8. Otherwise the library's conversion to
/// JSON would lose the other bytes and the text after them.
void MakeTextsUtf8(Message* message) {
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection.FieldSize(*message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        MakeTextsUtf8(field->is_repeated() ? reflection.MutableRepeatedMessage(message, field, i)
                                           : reflection.MutableMessage(message, field));
      } else if (field->type() == FieldDescriptor::TYPE_STRING && field->is_repeated()) {
        reflection.SetRepeatedString(message, field, i,
                                     AsUtf8(reflection.GetRepeatedString(*message, field, i)));
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        reflection.SetString(message, field, AsUtf8(reflection.GetString(*message, field)));
      }
    }
  }
}

}  // namespace

std::string ToJsonLine(const google::protobuf::Message& message) {
  const std::unique_ptr<Message> valid(message.New());
  valid->CopyFrom(message);
  MakeTextsUtf8(valid.get());
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(*valid, &json, options);
  CHECK(status.ok()) << status.ToString();
  return json;
}

std::string JsonText(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return ToJsonLine(value);
}

Json Json::Text(absl::string_view text) { return Json(JsonText(std::string(text))); }

Json Json::Whole(int64_t number) { return Json(absl::StrCat(number)); }

Json Json::Fixed(double number, int digits) {
  return std::isfinite(number) ? Json(absl::StrFormat("%.*f", digits, number)) : Json();
}

Json Json::Significant(double number, int digits) {
  return std::isfinite(number) ? Json(absl::StrFormat("%.*g", digits, number)) : Json();
}

Json Json::Shortest(double number) {
  if (!std::isfinite(number)) return Json();
  char text[32];
  return Json(std::string(text, std::to_chars(text, text + sizeof(text), number).ptr));
}

Json Json::Of(const google::protobuf::Message& message) { return Json(ToJsonLine(message)); }

Json Json::List(std::vector<Json> elements) {
  Json list;
  list.kind_ = Kind::kList;
  list.values_ = std::move(elements);
  return list;
}

Json Json::Texts(const std::vector<std::string>& texts) {
  Json list = List();
  for (const std::string& text : texts) list.Append(Text(text));
  return list;
}

Json Json::Object() {
  Json object;
  object.kind_ = Kind::kObject;
  return object;
}

Json& Json::Append(Json element) {
  CHECK(kind_ == Kind::kList);
  values_.push_back(std::move(element));
  return *this;
}

Json& Json::Set(const std::string& name, Json value) {
  CHECK(kind_ == Kind::kObject);
  names_.push_back(name);
  values_.push_back(std::move(value));
  return *this;
}

std::string Json::Line() const { return Print(",", ":"); }

std::string Json::SpacedLine() const { return Print(", ", ": "); }

std::string Json::Print(const char* comma, const char* colon) const {
  if (kind_ == Kind::kScalar) return scalar_;
  const bool is_list = kind_ == Kind::kList;
  std::string text = is_list ? "[" : "{";
  for (size_t i = 0; i < values_.size(); ++i) {
    if (i > 0) text += comma;
    if (!is_list) absl::StrAppend(&text, JsonText(names_[i]), colon);
    text += values_[i].Print(comma, colon);
  }
  text += is_list ? "]" : "}";
  return text;
}

JsonListStream::JsonListStream(const std::string& name, std::ostream* out) : out_(out) {
  *out_ << "{" << JsonText(name) << ":[";
}

void JsonListStream::Append(const google::protobuf::Message& element) {
  *out_ << (is_empty_ ? "" : ",") << ToJsonLine(element);
  is_empty_ = false;
}

void JsonListStream::End() { *out_ << "]}"; }

absl::Status ParseJson(const std::string& text, google::protobuf::Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(text, message);
  if (status.ok()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("no ", message->GetDescriptor()->name(), ": ", std::string(status.message())));
}

}  // namespace pdarts
