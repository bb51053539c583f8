#include "pdarts/core/spec.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "glog/logging.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/core/field_rules.pb.h"
#include "pdarts/core/registry.h"

namespace pdarts {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsAny(const Descriptor* descriptor) { return descriptor == Any::descriptor(); }

/// Finds configs of plugins by their registered type, and remembers the types that it did not find.
class PluginFinder : public google::protobuf::TextFormat::Finder {
 public:
  const Descriptor* FindAnyType(const Message& message, const std::string& prefix,
                                const std::string& name) const override {
    const PluginInfo* info = PluginRegistry::Global().FindByConfig(name);
    if (info != nullptr) return info->config;
    unknown_ = name;
    return nullptr;
  }
  const std::string& unknown() const { return unknown_; }

 private:
  mutable std::string unknown_;
};

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!message_.empty()) return;
    line_ = line + 1;
    column_ = column + 1;
    message_ = message;
  }
  std::string Position() const { return absl::StrCat(line_, ":", column_); }
  const std::string& message() const { return message_; }

 private:
  int line_ = 0;
  int column_ = 0;
  std::string message_;
};

std::string FieldNames(const Descriptor* descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    names.push_back(descriptor->field(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

/// Short name of the plugin of a config, or the type of the config if the plugin is unknown.
std::string PluginName(const Any& config) {
  const std::string type = config.type_url().substr(config.type_url().rfind('/') + 1);
  const PluginInfo* info = PluginRegistry::Global().FindByConfig(type);
  return info == nullptr ? type : info->short_name;
}

std::string Join(const std::string& path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

/// Short names of the plugins in a list, in its order; empty if the list has no plugins.
std::vector<std::string> PluginNames(const Message& parent, const FieldDescriptor* field) {
  std::vector<std::string> names;
  if (field->message_type() == nullptr || !IsAny(field->message_type())) return names;
  for (int i = 0; i < parent.GetReflection()->FieldSize(parent, field); ++i) {
    names.push_back(PluginName(
        static_cast<const Any&>(parent.GetReflection()->GetRepeatedMessage(parent, field, i))));
  }
  return names;
}

/// `path.name[i]`. A plugin is named by its short name, if no other plugin of the list has the same
/// name.
std::string ElementPath(const std::string& field_path, const Message& parent,
                        const FieldDescriptor* field, int index) {
  const std::vector<std::string> names = PluginNames(parent, field);
  if (!names.empty() && std::count(names.begin(), names.end(), names[index]) == 1) {
    return absl::StrCat(field_path, "[", names[index], "]");
  }
  return absl::StrCat(field_path, "[", index, "]");
}

/// Calls `visit` with a message. If the message is a config of a plugin, `visit` gets the content,
/// which is packed again.
absl::Status VisitUnpacked(Message* message, const std::string& path,
                           const std::function<absl::Status(Message*)>& visit) {
  if (!IsAny(message->GetDescriptor())) return visit(message);
  auto* any = static_cast<Any*>(message);
  if (any->type_url().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": names no plugin"));
  }
  auto config = PluginRegistry::Global().UnpackConfig(*any);
  if (!config.ok()) return Annotate(config.status(), path);
  PDARTS_RETURN_IF_ERROR(visit(config->get()));
  any->PackFrom(**config);
  return absl::OkStatus();
}

// --- completion ---

/// If the message stands for a list, and a spec sets the list, returns the list; otherwise null.
const FieldDescriptor* ListInItsPlace(const Message& parent, const FieldDescriptor* field) {
  const std::string& name = field->options().GetExtension(pdarts::rules).instead_of();
  if (name.empty()) return nullptr;
  const FieldDescriptor* list = parent.GetDescriptor()->FindFieldByName(name);
  CHECK(list != nullptr && list->is_repeated()) << field->full_name() << ": instead_of " << name;
  return parent.GetReflection()->FieldSize(parent, list) > 0 ? list : nullptr;
}

/// Whether a message that is not set in a spec gets its defaults.
bool HasDefaults(const Message& parent, const FieldDescriptor* field) {
  return !IsAny(field->message_type()) &&
         !field->options().GetExtension(pdarts::rules).optional_message() &&
         ListInItsPlace(parent, field) == nullptr;
}

absl::Status CompleteMessage(Message* message, const std::string& path) {
  const Descriptor* descriptor = message->GetDescriptor();
  const Reflection* reflection = message->GetReflection();
  PluginRegistry::Global().Complete(message);
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const std::string field_path = Join(path, field->name());
    if (field->message_type() != nullptr) {
      const auto complete = [&](Message* child, const std::string& child_path) {
        return VisitUnpacked(child, child_path, [&](Message* unpacked) {
          return CompleteMessage(unpacked, child_path);
        });
      };
      if (field->is_repeated()) {
        for (int k = 0; k < reflection->FieldSize(*message, field); ++k) {
          PDARTS_RETURN_IF_ERROR(complete(reflection->MutableRepeatedMessage(message, field, k),
                                          ElementPath(field_path, *message, field, k)));
        }
      } else if (reflection->HasField(*message, field) || HasDefaults(*message, field)) {
        PDARTS_RETURN_IF_ERROR(complete(reflection->MutableMessage(message, field), field_path));
      }
      continue;
    }
    if (field->is_repeated() || reflection->HasField(*message, field) ||
        !field->has_default_value()) {
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(message, field, field->default_value_int32());
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(message, field, field->default_value_int64());
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection->SetUInt32(message, field, field->default_value_uint32());
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection->SetUInt64(message, field, field->default_value_uint64());
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection->SetDouble(message, field, field->default_value_double());
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        reflection->SetFloat(message, field, field->default_value_float());
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(message, field, field->default_value_bool());
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection->SetEnum(message, field, field->default_value_enum());
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection->SetString(message, field, field->default_value_string());
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
  }
  return absl::OkStatus();
}

// --- assignment ---

struct PathStep {
  std::string name;
  std::string key;  ///< the text in brackets; empty if there are no brackets
};

absl::StatusOr<std::vector<PathStep>> SplitPath(absl::string_view path) {
  std::vector<PathStep> steps;
  for (absl::string_view part : absl::StrSplit(path, '.')) {
    PathStep step;
    const size_t bracket = part.find('[');
    step.name = std::string(part.substr(0, bracket));
    if (bracket != absl::string_view::npos) {
      if (part.back() != ']' || part.size() < bracket + 3) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": \"", part, "\" has brackets that are not of the form name[key]"));
      }
      step.key = std::string(part.substr(bracket + 1, part.size() - bracket - 2));
    }
    if (step.name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", path, "\": expected a path of names joined by dots"));
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

/// Sets a scalar field, or element `index` of a repeated one. -1: the field is not repeated. An
/// index that is equal to the length appends an element.
absl::Status SetScalar(Message* message, const FieldDescriptor* field, int index,
                       const std::string& value, const std::string& path) {
  const Reflection* reflection = message->GetReflection();
  const bool append = field->is_repeated() && index == reflection->FieldSize(*message, field);
  const auto bad = [&](absl::string_view expected) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": \"", value, "\" is not ", expected));
  };
#define PDARTS_SET(Type, parsed)                   \
  if (!field->is_repeated())                       \
    reflection->Set##Type(message, field, parsed); \
  else if (append)                                 \
    reflection->Add##Type(message, field, parsed); \
  else                                             \
    reflection->SetRepeated##Type(message, field, index, parsed)
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t parsed;
      if (!absl::SimpleAtoi(value, &parsed)) return bad("a 32-bit integer");
      PDARTS_SET(Int32, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t parsed;
      if (!absl::SimpleAtoi(value, &parsed)) return bad("a 64-bit integer");
      PDARTS_SET(Int64, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      uint32_t parsed;
      if (!absl::SimpleAtoi(value, &parsed)) return bad("an unsigned 32-bit integer");
      PDARTS_SET(UInt32, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      uint64_t parsed;
      if (!absl::SimpleAtoi(value, &parsed)) return bad("an unsigned 64-bit integer");
      PDARTS_SET(UInt64, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      double parsed;
      if (!absl::SimpleAtod(value, &parsed)) return bad("a number");
      PDARTS_SET(Double, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      float parsed;
      if (!absl::SimpleAtof(value, &parsed)) return bad("a number");
      PDARTS_SET(Float, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      bool parsed;
      if (!absl::SimpleAtob(value, &parsed)) return bad("true or false");
      PDARTS_SET(Bool, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* parsed = field->enum_type()->FindValueByName(value);
      if (parsed == nullptr) {
        std::vector<std::string> names;
        for (int i = 0; i < field->enum_type()->value_count(); ++i) {
          names.push_back(field->enum_type()->value(i)->name());
        }
        return bad(absl::StrCat("one of ", absl::StrJoin(names, ", ")));
      }
      PDARTS_SET(Enum, parsed);
      break;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      PDARTS_SET(String, value);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is a ", field->message_type()->name(),
                       ", not a single value; continue the path with one of ",
                       FieldNames(field->message_type())));
  }
#undef PDARTS_SET
  return absl::OkStatus();
}

/// Index of the element that `key` names, by number or, for plugins, by short name.
absl::StatusOr<int> ElementIndex(const Message& message, const FieldDescriptor* field,
                                 const std::string& key, const std::string& path) {
  const int size = message.GetReflection()->FieldSize(message, field);
  int index = -1;
  if (absl::SimpleAtoi(key, &index)) {
    if (index >= 0 && index <= size) return index;
    return absl::InvalidArgumentError(
        absl::StrCat(path, "[", key, "]: the list has ", size, " elements"));
  }
  const std::vector<std::string> names = PluginNames(message, field);
  std::vector<int> found;
  for (int i = 0; i < static_cast<int>(names.size()); ++i) {
    if (names[i] == key) found.push_back(i);
  }
  if (found.size() == 1) return found[0];
  if (!found.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, "[", key, "]: the spec has ", found.size(),
                     " plugins of this name; name one by its number: ", path, "[",
                     absl::StrJoin(found, absl::StrCat("] or ", path, "[")), "]"));
  }
  const bool plugins = field->message_type() != nullptr && IsAny(field->message_type());
  return absl::NotFoundError(
      plugins ? absl::StrCat(path, "[", key, "]: the spec has no such plugin; it has: ",
                             names.empty() ? "none" : absl::StrJoin(names, ", "))
              : absl::StrCat(path, "[", key, "]: expected a number"));
}

/// Replaces a list of scalars by the content of a text such as "[1, 2]".
absl::Status SetList(Message* message, const FieldDescriptor* field, absl::string_view text,
                     const std::string& path) {
  if (!absl::ConsumePrefix(&text, "[") || !absl::ConsumeSuffix(&text, "]")) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a list; say which element, as in ", field->name(),
                     "[0], or give the whole list, as in ", field->name(), "=[first,second]"));
  }
  message->GetReflection()->ClearField(message, field);
  if (absl::StripAsciiWhitespace(text).empty()) return absl::OkStatus();
  int index = 0;
  for (absl::string_view value : absl::StrSplit(text, ',')) {
    value = absl::StripAsciiWhitespace(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    PDARTS_RETURN_IF_ERROR(
        SetScalar(message, field, index, std::string(value), absl::StrCat(path, "[", index, "]")));
    ++index;
  }
  return absl::OkStatus();
}

/// Appends an element, which begins as a copy of the last one. So an appended stage differs from
/// the last one only in the fields that are set. The config of a plugin begins empty.
Message* AppendElement(Message* message, const FieldDescriptor* field) {
  const Reflection* reflection = message->GetReflection();
  const int size = reflection->FieldSize(*message, field);
  Message* added = reflection->AddMessage(message, field);
  if (size > 0 && !IsAny(field->message_type())) {
    added->CopyFrom(reflection->GetRepeatedMessage(*message, field, size - 1));
  }
  return added;
}

absl::Status SetAtPath(Message* message, const std::vector<PathStep>& steps, size_t depth,
                       const std::string& value, const std::string& path) {
  const PathStep& step = steps[depth];
  const Descriptor* descriptor = message->GetDescriptor();
  const FieldDescriptor* field = descriptor->FindFieldByName(step.name);
  std::string here = Join(path, step.name);
  if (field == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(here, ": ", descriptor->full_name(),
                     " has no such field; it has: ", FieldNames(descriptor)));
  }
  int index = -1;
  if (field->is_repeated()) {
    if (step.key.empty() && (field->message_type() != nullptr || depth + 1 < steps.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat(here, ": is a list; say which element, as in ", step.name, "[0]"));
    }
    if (step.key.empty()) return SetList(message, field, value, here);
    PDARTS_ASSIGN_OR_RETURN(index, ElementIndex(*message, field, step.key, here));
    absl::StrAppend(&here, "[", step.key, "]");
  } else if (!step.key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(here, ": is not a list, but has brackets"));
  }

  const bool last = depth + 1 == steps.size();
  if (last) return SetScalar(message, field, index, value, here);
  if (field->message_type() == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(here, ": is a single value and has no field \"", steps[depth + 1].name, "\""));
  }
  const Reflection* reflection = message->GetReflection();
  Message* child;
  if (!field->is_repeated()) {
    child = reflection->MutableMessage(message, field);
  } else if (index < reflection->FieldSize(*message, field)) {
    child = reflection->MutableRepeatedMessage(message, field, index);
  } else {
    child = AppendElement(message, field);
  }
  return VisitUnpacked(child, here, [&](Message* unpacked) {
    return SetAtPath(unpacked, steps, depth + 1, value, here);
  });
}

// --- validation ---

std::string Number(double value) {
  // The shortest text that reads back as the same number.
  for (int digits : {6, 15, 17}) {
    const std::string text = absl::StrFormat("%.*g", digits, value);
    double back;
    if (absl::SimpleAtod(text, &back) && back == value) return text;
  }
  return absl::StrCat(value);
}

/// The value as a number; false if the field is not numeric.
bool NumericValue(const Message& message, const FieldDescriptor* field, int index, double* value) {
  const Reflection* r = message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      *value = repeated ? r->GetRepeatedInt32(message, field, index) : r->GetInt32(message, field);
      return true;
    case FieldDescriptor::CPPTYPE_INT64:
      *value = static_cast<double>(repeated ? r->GetRepeatedInt64(message, field, index)
                                            : r->GetInt64(message, field));
      return true;
    case FieldDescriptor::CPPTYPE_UINT32:
      *value =
          repeated ? r->GetRepeatedUInt32(message, field, index) : r->GetUInt32(message, field);
      return true;
    case FieldDescriptor::CPPTYPE_UINT64:
      *value = static_cast<double>(repeated ? r->GetRepeatedUInt64(message, field, index)
                                            : r->GetUInt64(message, field));
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      *value =
          repeated ? r->GetRepeatedDouble(message, field, index) : r->GetDouble(message, field);
      return true;
    case FieldDescriptor::CPPTYPE_FLOAT:
      *value = repeated ? r->GetRepeatedFloat(message, field, index) : r->GetFloat(message, field);
      return true;
    default:
      return false;
  }
}

absl::Status CheckRange(const Message& message, const FieldDescriptor* field, int index,
                        const FieldRules& rules, const std::string& path) {
  double value;
  if (!NumericValue(message, field, index, &value)) return absl::OkStatus();
  const bool above =
      !rules.has_min() || (rules.exclusive_min() ? value > rules.min() : value >= rules.min());
  const bool below =
      !rules.has_max() || (rules.exclusive_max() ? value < rules.max() : value <= rules.max());
  if (above && below && value == value) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", Number(value), " is not in ", FieldRange(*field)));
}

// --- comparison ---

void ClearWhatMayChange(Message* message) {
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(pdarts::rules).may_change()) {
      reflection->ClearField(message, field);
    } else if (field->message_type() != nullptr && !field->is_repeated()) {
      ClearWhatMayChange(reflection->MutableMessage(message, field));
    }
  }
}

}  // namespace

absl::Status ParseSpecInto(absl::string_view text, absl::string_view file, Message* spec) {
  PluginFinder finder;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.SetFinder(&finder);
  parser.RecordErrorsTo(&error);
  if (parser.ParseFromString(std::string(WithoutByteOrderMark(text)), spec)) {
    return absl::OkStatus();
  }
  std::string message = error.message();
  if (!finder.unknown().empty()) {
    message =
        absl::StrCat("unknown plugin type \"", finder.unknown(),
                     "\"; known: ", absl::StrJoin(PluginRegistry::Global().ConfigTypes(), ", "));
  }
  return absl::InvalidArgumentError(absl::StrCat(file, ":", error.Position(), ": ", message));
}

absl::Status ReadSpecFileInto(const std::string& path, Message* spec) {
  const absl::StatusOr<std::string> text = ReadFileOrPipe(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat("cannot read the spec ", path));
  }
  if (!text.ok()) return Annotate(text.status(), "the spec");
  return ParseSpecInto(*text, path, spec);
}

absl::StatusOr<ExperimentSpec> ParseSpec(absl::string_view text, absl::string_view file) {
  ExperimentSpec spec;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(text, file, &spec));
  return spec;
}

absl::StatusOr<ExperimentSpec> ReadSpecFile(const std::string& path) {
  ExperimentSpec spec;
  PDARTS_RETURN_IF_ERROR(ReadSpecFileInto(path, &spec));
  return spec;
}

absl::Status CompleteSpec(Message* spec) { return CompleteMessage(spec, ""); }

absl::Status SetField(Message* spec, absl::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", assignment, "\": expected path.to.field=value"));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::vector<PathStep> steps,
                          SplitPath(assignment.substr(0, equals)));
  const std::unique_ptr<Message> changed(spec->New());
  changed->CopyFrom(*spec);
  PDARTS_RETURN_IF_ERROR(
      SetAtPath(changed.get(), steps, 0, std::string(assignment.substr(equals + 1)), ""));
  spec->GetReflection()->Swap(spec, changed.get());
  return absl::OkStatus();
}

std::string FieldRange(const FieldDescriptor& field) {
  const FieldRules& rules = field.options().GetExtension(pdarts::rules);
  const std::string low = rules.has_min() ? Number(rules.min()) : "-infinity";
  const std::string high = rules.has_max() ? Number(rules.max()) : "infinity";
  return absl::StrCat(rules.exclusive_min() || !rules.has_min() ? "(" : "[", low, ", ", high,
                      rules.exclusive_max() || !rules.has_max() ? ")" : "]");
}

absl::Status ValidateMessage(const Message& message, const std::string& path) {
  const Descriptor* descriptor = message.GetDescriptor();
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const FieldRules& rules = field->options().GetExtension(pdarts::rules);
    const std::string field_path = Join(path, field->name());
    const auto check_child = [&](const Message& child, const std::string& child_path) {
      std::unique_ptr<Message> copy(child.New());
      copy->CopyFrom(child);
      return VisitUnpacked(copy.get(), child_path, [&](Message* unpacked) {
        return ValidateMessage(*unpacked, child_path);
      });
    };
    if (field->is_repeated()) {
      const int size = reflection->FieldSize(message, field);
      const int most = rules.has_max_items() ? rules.max_items() : std::numeric_limits<int>::max();
      if (size < rules.min_items() || size > most) {
        return absl::InvalidArgumentError(absl::StrCat(
            field_path, ": has ", size, " elements, expected at least ", rules.min_items(),
            rules.has_max_items() ? absl::StrCat(" and at most ", most) : ""));
      }
      for (int k = 0; k < size; ++k) {
        const std::string element_path = ElementPath(field_path, message, field, k);
        if (field->message_type() != nullptr) {
          PDARTS_RETURN_IF_ERROR(
              check_child(reflection->GetRepeatedMessage(message, field, k), element_path));
        } else {
          PDARTS_RETURN_IF_ERROR(CheckRange(message, field, k, rules, element_path));
        }
      }
      continue;
    }
    if (!reflection->HasField(message, field)) {
      if (rules.required()) {
        return absl::InvalidArgumentError(absl::StrCat(field_path, ": is not set"));
      }
      continue;
    }
    if (const FieldDescriptor* list = ListInItsPlace(message, field); list != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          field_path, " and ", Join(path, list->name()),
          ": both are set, expected one of them: the former stands for a list of ", list->name()));
    }
    if (field->message_type() != nullptr) {
      PDARTS_RETURN_IF_ERROR(check_child(reflection->GetMessage(message, field), field_path));
    } else {
      PDARTS_RETURN_IF_ERROR(CheckRange(message, field, -1, rules, field_path));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRunName(const std::string& name) {
  const bool plain =
      !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' ||
               c == '.';
      });
  if (plain) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("name: \"", name, "\" names a directory; expected letters, digits, _, - and ."));
}

absl::Status ValidateSpec(const ExperimentSpec& spec) {
  PDARTS_RETURN_IF_ERROR(ValidateMessage(spec, ""));
  return CheckRunName(spec.name());
}

std::string PrintSpec(const Message& spec) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetExpandAny(true);
  std::string text;
  printer.PrintToString(spec, &text);
  return text;
}

bool ComputeTheSame(const Message& a, const Message& b) {
  const auto what_counts = [](const Message& message) {
    std::unique_ptr<Message> copy(message.New());
    copy->CopyFrom(message);
    ClearWhatMayChange(copy.get());
    return copy;
  };
  return google::protobuf::util::MessageDifferencer::Equals(*what_counts(a), *what_counts(b));
}

std::string MessageDifferences(const google::protobuf::Message& before,
                               const google::protobuf::Message& now) {
  std::string lines;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&lines);
  differencer.Compare(before, now);
  return absl::StrJoin(absl::StrSplit(lines, '\n', absl::SkipEmpty()), "; ");
}

}  // namespace pdarts
