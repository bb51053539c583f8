#include "pdarts/runs/safetensors.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
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

}  // namespace

absl::Status WriteSafetensors(const std::string& path,
                              const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  google::protobuf::Struct header;
  auto& entries = *header.mutable_fields();
  if (!metadata.empty()) {
    auto& fields = *entries["__metadata__"].mutable_struct_value()->mutable_fields();
    for (const auto& [key, value] : metadata) fields[key].set_string_value(value);
  }
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    if (entries.contains(name)) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are called ", name));
    }
    auto& fields = *entries[name].mutable_struct_value()->mutable_fields();
    const absl::StatusOr<std::string> type = TypeName(tensor.scalar_type());
    if (!type.ok()) return Annotate(type.status(), name);
    fields["dtype"].set_string_value(*type);
    auto* shape = fields["shape"].mutable_list_value();
    for (int64_t size : tensor.sizes()) shape->add_values()->set_number_value(size);
    auto* offsets = fields["data_offsets"].mutable_list_value();
    offsets->add_values()->set_number_value(static_cast<double>(data.size()));
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    data.append(static_cast<const char*>(plain.const_data_ptr()), plain.nbytes());
    offsets->add_values()->set_number_value(static_cast<double>(data.size()));
  }
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(header, &json);
  if (!status.ok()) return absl::InternalError(status.ToString());
  json.append((8 - json.size() % 8) % 8, ' ');  // the data begins at a multiple of 8
  std::string file;  // the header's length, 8 bytes little-endian; the header; the data
  for (int shift = 0; shift < 64; shift += 8) {
    file.push_back(static_cast<char>(static_cast<uint64_t>(json.size()) >> shift & 0xff));
  }
  absl::StrAppend(&file, json, data);
  return WriteFileAtomically(path, file);
}

}  // namespace pdarts
