#include "pdarts/runs/checkpoint.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ATen/ops/empty.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/tensor_bytes.h"

namespace pdarts {
namespace {

constexpr absl::string_view kMagic = "PDARTSCK";
constexpr uint32_t kVersion = 3;
constexpr size_t kPrefix = 8 + 4 + 8 + 8;
constexpr size_t kDigest = 32;

CheckpointTensor::Type TypeOf(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return CheckpointTensor::FLOAT32;
    case at::kDouble:
      return CheckpointTensor::FLOAT64;
    case at::kLong:
      return CheckpointTensor::INT64;
    case at::kByte:
      return CheckpointTensor::UINT8;
    default:
      LOG(FATAL) << "a state holds a tensor of " << tensor.scalar_type();
  }
}

at::ScalarType ScalarType(CheckpointTensor::Type type) {
  switch (type) {
    case CheckpointTensor::FLOAT32:
      return at::kFloat;
    case CheckpointTensor::FLOAT64:
      return at::kDouble;
    case CheckpointTensor::INT64:
      return at::kLong;
    case CheckpointTensor::UINT8:
      return at::kByte;
  }
  return at::kByte;  // proto2 does not store unknown enum values in the field
}

/// Reads the bytes of one tensor from the beginning of `data`, and removes them.
absl::StatusOr<at::Tensor> TakeTensor(const CheckpointTensor& entry, absl::string_view* data) {
  const at::ScalarType type = ScalarType(entry.type());
  const std::vector<int64_t> shape(entry.shape().begin(), entry.shape().end());
  const std::optional<int64_t> bytes =
      TensorBytes(shape, static_cast<int64_t>(c10::elementSize(type)));
  if (!bytes || *bytes > static_cast<int64_t>(data->size())) {
    return absl::DataLossError(absl::StrCat("the tensor ", entry.name(), " of shape [",
                                            absl::StrJoin(shape, ","),
                                            "] is larger than what the file holds"));
  }
  at::Tensor tensor = at::empty(shape, type);
  std::copy_n(data->data(), *bytes, static_cast<char*>(tensor.mutable_data_ptr()));
  data->remove_prefix(static_cast<size_t>(*bytes));
  return tensor;
}

}  // namespace

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  CheckpointHeader header = checkpoint.run;
  header.set_spec_sha256(Sha256Of(header.spec()).Hex());
  header.set_trainer(checkpoint.state.trainer);
  header.set_place(checkpoint.state.place);
  header.set_progress(checkpoint.state.progress);
  header.clear_tensors();
  size_t data_bytes = 0;
  for (const auto& [name, tensor] : checkpoint.state.tensors) {
    CheckpointTensor* entry = header.add_tensors();
    entry->set_name(name);
    entry->set_type(TypeOf(tensor));
    for (int64_t size : tensor.sizes()) entry->add_shape(size);
    data_bytes += tensor.nbytes();
  }
  const std::string head = header.SerializeAsString();
  const size_t size = kPrefix + head.size() + data_bytes + kDigest;
  std::string content;
  content.reserve(size);
  content.append(kMagic.data(), kMagic.size());
  AppendLittleEndian(kVersion, 4, &content);
  AppendLittleEndian(size, 8, &content);
  AppendLittleEndian(head.size(), 8, &content);
  content.append(head);
  for (const auto& [name, tensor] : checkpoint.state.tensors) {
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    content.append(static_cast<const char*>(plain.const_data_ptr()), plain.nbytes());
  }
  content.append(Sha256Of(content).Bytes());
  return content;
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(absl::string_view content) {
  if (!absl::StartsWith(content, kMagic)) {
    return absl::DataLossError("it is not a checkpoint: it does not begin with PDARTSCK");
  }
  if (content.size() < kPrefix + kDigest) {
    return absl::DataLossError(absl::StrCat("it is cut off after ", content.size(), " bytes"));
  }
  const uint64_t version = ReadLittleEndian(content.substr(8, 4));
  const uint64_t size = ReadLittleEndian(content.substr(12, 8));
  const uint64_t head_size = ReadLittleEndian(content.substr(20, 8));
  if (size == content.size() &&
      content.substr(size - kDigest) != Sha256Of(content.substr(0, size - kDigest)).Bytes()) {
    return absl::DataLossError("it is damaged: its SHA-256 is not that of its content");
  }
  if (size != content.size()) {
    return absl::DataLossError(absl::StrCat("it is damaged: it holds ", content.size(),
                                            " bytes and says that it has ", size));
  }
  // The checksum fits: from here on, the content is complete and as it was written.
  if (version != kVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "version: it is of version ", version, " of the format, this program reads ", kVersion));
  }
  absl::string_view rest = content.substr(kPrefix, size - kPrefix - kDigest);
  Checkpoint checkpoint;
  CheckpointHeader& header = checkpoint.run;
  if (head_size > rest.size() || !header.ParseFromArray(rest.data(), static_cast<int>(head_size))) {
    return absl::DataLossError("its header cannot be read");
  }
  if (header.spec_sha256() != Sha256Of(header.spec()).Hex()) {
    return absl::DataLossError("the SHA-256 of its spec differs from the one in its header");
  }
  rest.remove_prefix(head_size);
  for (const CheckpointTensor& entry : header.tensors()) {
    PDARTS_ASSIGN_OR_RETURN(const at::Tensor tensor, TakeTensor(entry, &rest));
    if (!checkpoint.state.tensors.emplace(entry.name(), tensor).second) {
      return absl::DataLossError(absl::StrCat("two tensors are called ", entry.name()));
    }
  }
  if (!rest.empty()) {
    return absl::DataLossError(absl::StrCat(rest.size(), " bytes belong to no tensor"));
  }
  checkpoint.state.trainer = header.trainer();
  checkpoint.state.place = header.place();
  checkpoint.state.progress = header.progress();
  return checkpoint;
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const Directory& directory, const std::string& name) {
  PDARTS_ASSIGN_OR_RETURN(const std::string content, directory.ReadFile(name));
  absl::StatusOr<Checkpoint> checkpoint = DecodeCheckpoint(content);
  if (!checkpoint.ok()) return Annotate(checkpoint.status(), directory.PathOf(name));
  return checkpoint;
}

}  // namespace pdarts
