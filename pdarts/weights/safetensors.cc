#include "pdarts/weights/safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "ATen/ops/empty.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "pdarts/base/json.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/tensor_bytes.h"
#include "pdarts/weights/element_types.h"

namespace pdarts {
namespace {

constexpr char kMetadata[] = "__metadata__";
constexpr size_t kLengthBytes = 8;  // of the length of the header, with which the file begins
constexpr uint64_t kMostHeader = 100 << 20;  // the limit of Python's library

/// A list of integers that are not negative and that a double represents exactly.
std::optional<std::vector<int64_t>> Integers(const google::protobuf::Struct& entry,
                                             const std::string& field) {
  const auto found = entry.fields().find(field);
  if (found == entry.fields().end() || !found->second.has_list_value()) return std::nullopt;
  std::vector<int64_t> integers;
  for (const auto& value : found->second.list_value().values()) {
    const double number = value.number_value();
    if (!value.has_number_value() || !(number >= 0 && number <= 9007199254740992.0) ||
        number != std::floor(number)) {
      return std::nullopt;
    }
    integers.push_back(static_cast<int64_t>(number));
  }
  return integers;
}

/// A tensor as the header describes it.
struct Entry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
  int64_t begin = 0;
  int64_t end = 0;
};

absl::StatusOr<Entry> ParseEntry(const std::string& name, const google::protobuf::Value& value) {
  const auto bad = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat("the header's entry ", name, ": ", what));
  };
  if (!value.has_struct_value()) return bad("is not an object");
  const google::protobuf::Struct& fields = value.struct_value();
  const auto dtype = fields.fields().find("dtype");
  if (dtype == fields.fields().end()) return bad("has no dtype");
  const ElementType* type = ElementTypeBySafetensorsName(dtype->second.string_value());
  if (type == nullptr) {
    return bad(absl::StrCat("unknown dtype \"", dtype->second.string_value(), "\""));
  }
  const auto shape = Integers(fields, "shape");
  if (!shape) return bad("its shape is not a list of sizes");
  const auto offsets = Integers(fields, "data_offsets");
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
    return bad("its data_offsets are not two ascending offsets");
  }
  Entry entry{name, type->type, *shape, (*offsets)[0], (*offsets)[1]};
  const std::optional<int64_t> bytes =
      TensorBytes(entry.shape, static_cast<int64_t>(c10::elementSize(type->type)));
  if (!bytes) {
    return bad(absl::StrCat("its shape [", absl::StrJoin(entry.shape, ","), "] is too large"));
  }
  if (*bytes != entry.end - entry.begin) {
    return bad(absl::StrCat("its shape takes ", *bytes, " bytes, its data_offsets hold ",
                            entry.end - entry.begin));
  }
  return entry;
}

absl::StatusOr<WeightsMetadata> ParseMetadata(const google::protobuf::Value& value) {
  if (!value.has_struct_value()) {
    return absl::DataLossError("the header's __metadata__ is not an object");
  }
  WeightsMetadata metadata;
  for (const auto& [key, text] : value.struct_value().fields()) {
    if (text.kind_case() != google::protobuf::Value::kStringValue) {
      return absl::DataLossError(absl::StrCat("the header's __metadata__: ", key, " is not text"));
    }
    metadata.emplace(key, text.string_value());
  }
  return metadata;
}

absl::StatusOr<WeightsFile> Read(std::ifstream& file, uint64_t file_size) {
  char bytes[kLengthBytes];
  if (!file.read(bytes, sizeof(bytes))) {
    return absl::DataLossError("it is not a safetensors file: it ends before the header's length");
  }
  const uint64_t header_size = ReadLittleEndian(absl::string_view(bytes, sizeof(bytes)));
  if (header_size > file_size - kLengthBytes || header_size > kMostHeader) {
    return absl::DataLossError(
        absl::StrCat("it is not a safetensors file, or truncated: a header of ", header_size,
                     " bytes in a file of ", file_size));
  }
  std::string json(header_size, '\0');
  if (!file.read(json.data(), static_cast<std::streamsize>(header_size))) {
    return absl::DataLossError("it ends within its header");
  }
  google::protobuf::Struct header;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &header);
  if (json.empty() || json[0] != '{' || !parsed.ok()) {
    return absl::DataLossError("it is not a safetensors file: the header is not a JSON object");
  }
  WeightsFile weights;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.fields()) {
    if (name == kMetadata) {
      PDARTS_ASSIGN_OR_RETURN(weights.metadata, ParseMetadata(value));
      continue;
    }
    PDARTS_ASSIGN_OR_RETURN(Entry entry, ParseEntry(name, value));
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  int64_t position = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != position) {
      return absl::DataLossError(absl::StrCat("the header's entry ", entry.name, " begins at ",
                                              entry.begin, ", expected ", position,
                                              ": entries overlap or leave a gap"));
    }
    position = entry.end;
  }
  const auto data_size = static_cast<int64_t>(file_size - kLengthBytes - header_size);
  if (position != data_size) {
    return absl::DataLossError(absl::StrCat("truncated or too long: it has ", data_size,
                                            " bytes of data, its header says ", position));
  }
  for (const Entry& entry : entries) {
    at::Tensor tensor = at::empty(entry.shape, entry.type);
    if (!file.read(static_cast<char*>(tensor.mutable_data_ptr()), entry.end - entry.begin)) {
      return absl::DataLossError(absl::StrCat("it ends within ", entry.name));
    }
    weights.tensors.emplace_back(entry.name, std::move(tensor));
  }
  return weights;
}

Json WholeNumbers(at::IntArrayRef numbers) {
  Json list = Json::List();
  for (const int64_t number : numbers) list.Append(Json::Whole(number));
  return list;
}

}  // namespace

absl::StatusOr<std::string> EncodeSafetensors(const NamedTensors& tensors,
                                              const WeightsMetadata& metadata) {
  // The JSON of a message with a map has another order in each process, and equal tensors should
  // make equal files.
  Json header = Json::Object();
  if (!metadata.empty()) {
    Json fields = Json::Object();
    for (const auto& [key, value] : metadata) fields.Set(key, Json::Text(value));
    header.Set(kMetadata, std::move(fields));
  }
  std::set<std::string> names;
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    if (name == kMetadata) {
      return absl::InvalidArgumentError(
          absl::StrCat("a tensor is called ", name, ", which safetensors has another use for"));
    }
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are called ", name));
    }
    const absl::StatusOr<ElementType> type = ElementTypeOf(tensor);
    if (!type.ok()) return Annotate(type.status(), name);
    const size_t begin = data.size();
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    data.append(static_cast<const char*>(plain.const_data_ptr()), plain.nbytes());
    header.Set(name, Json::Object()
                         .Set("dtype", Json::Text(std::string(type->safetensors)))
                         .Set("shape", WholeNumbers(tensor.sizes()))
                         .Set("data_offsets", WholeNumbers({static_cast<int64_t>(begin),
                                                            static_cast<int64_t>(data.size())})));
  }
  std::string json = header.Line();
  json.append((8 - json.size() % 8) % 8, ' ');  // the data begins at a multiple of 8
  std::string file;                             // the header's length; the header; the data
  AppendLittleEndian(json.size(), 8, &file);
  absl::StrAppend(&file, json, data);
  return file;
}

bool IsSafetensors(absl::string_view beginning) {
  return beginning.size() > kLengthBytes && beginning[kLengthBytes] == '{' &&
         ReadLittleEndian(beginning.substr(0, kLengthBytes)) <= kMostHeader;
}

absl::StatusOr<WeightsFile> ReadSafetensors(const std::string& path) {
  std::error_code error;
  std::ifstream file;
  if (std::filesystem::is_regular_file(path, error)) file.open(path, std::ios::binary);
  if (!file.is_open()) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": no such file"));
  }
  const uint64_t size = std::filesystem::file_size(path, error);
  absl::StatusOr<WeightsFile> weights = Read(file, size);
  // An error of the disk does not mean that the file is damaged.
  if (file.bad()) return absl::UnknownError(absl::StrCat("cannot read ", path, ": I/O error"));
  if (!weights.ok()) return Annotate(weights.status(), path);
  return weights;
}

}  // namespace pdarts
