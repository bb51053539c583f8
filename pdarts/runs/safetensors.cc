#include "pdarts/runs/safetensors.h"

#include <cstdint>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/atomic_file.h"

namespace pdarts {
namespace {

absl::StatusOr<std::string> TypeName(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "F32";
    case at::kDouble:
      return "F64";
    case at::kLong:
      return "I64";
    case at::kByte:
      return "U8";
    default:
      return absl::InvalidArgumentError("only float32, float64, int64 and uint8 can be written");
  }
}

/// A string as JSON, quoted.
std::string JsonText(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(value, &json);
  CHECK(status.ok()) << status.ToString();
  return json;
}

}  // namespace

absl::Status WriteSafetensors(const std::string& path,
                              const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  // Entry by entry: a map's JSON has another order in each process, and equal tensors should make
  // equal files.
  std::vector<std::string> entries;
  if (!metadata.empty()) {
    std::vector<std::string> fields;
    for (const auto& [key, value] : metadata) {
      fields.push_back(absl::StrCat(JsonText(key), ":", JsonText(value)));
    }
    entries.push_back(absl::StrCat("\"__metadata__\":{", absl::StrJoin(fields, ","), "}"));
  }
  std::set<std::string> names;
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are called ", name));
    }
    const absl::StatusOr<std::string> type = TypeName(tensor.scalar_type());
    if (!type.ok()) return Annotate(type.status(), name);
    const size_t begin = data.size();
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    data.append(static_cast<const char*>(plain.const_data_ptr()), plain.nbytes());
    entries.push_back(absl::StrCat(JsonText(name), ":{\"dtype\":\"", *type, "\",\"shape\":[",
                                   absl::StrJoin(tensor.sizes(), ","), "],\"data_offsets\":[",
                                   begin, ",", data.size(), "]}"));
  }
  std::string json = absl::StrCat("{", absl::StrJoin(entries, ","), "}");
  json.append((8 - json.size() % 8) % 8, ' ');  // the data begins at a multiple of 8
  std::string file;  // the header's length, 8 bytes little-endian; the header; the data
  for (int shift = 0; shift < 64; shift += 8) {
    file.push_back(static_cast<char>(static_cast<uint64_t>(json.size()) >> shift & 0xff));
  }
  absl::StrAppend(&file, json, data);
  return WriteFileAtomically(path, file);
}

}  // namespace pdarts
