#include "pdarts/core/communicator.h"

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "ATen/ops/cat.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/scalar_tensor.h"
#include "c10/core/GradMode.h"
#include "c10/core/ScalarType.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

class SingleProcessCommunicator : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }

 private:
  absl::Status DoAllReduce(const at::Tensor& buffer) override { return absl::OkStatus(); }
  absl::Status DoBroadcast(const at::Tensor& buffer, int root) override { return absl::OkStatus(); }
  absl::Status DoBarrier() override { return absl::OkStatus(); }
};

/// The type in which tensors of `type` are summed.
c10::ScalarType SumType(c10::ScalarType type) {
  return type == c10::kHalf || type == c10::kBFloat16 ? c10::kFloat : type;
}

/// The tensors that have elements, grouped by the type of their buffer.
std::map<c10::ScalarType, std::vector<at::Tensor>> ByType(
    absl::Span<const at::Tensor> tensors, c10::ScalarType (*buffer_type)(c10::ScalarType)) {
  std::map<c10::ScalarType, std::vector<at::Tensor>> groups;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.numel() > 0) groups[buffer_type(tensor.scalar_type())].push_back(tensor.detach());
  }
  return groups;
}

/// Copies all tensors into one buffer, lets `transfer` change the buffer, and copies the elements
/// back.
/// \param tensors have at least one element each, and share the memory of the caller's tensors.
template <typename Transfer>
absl::Status ThroughBuffer(c10::ScalarType type, const std::vector<at::Tensor>& tensors,
                           Transfer transfer) {
  if (tensors.size() == 1 && tensors[0].scalar_type() == type && tensors[0].is_contiguous()) {
    return transfer(tensors[0].view({-1}));
  }
  std::vector<at::Tensor> flat;
  for (const at::Tensor& tensor : tensors) flat.push_back(tensor.reshape({-1}).to(type));
  const at::Tensor buffer = at::cat(flat);
  flat.clear();
  PDARTS_RETURN_IF_ERROR(transfer(buffer));
  int64_t begin = 0;
  for (const at::Tensor& tensor : tensors) {
    tensor.copy_(buffer.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
    begin += tensor.numel();
  }
  return absl::OkStatus();
}

}  // namespace

PositionRange Communicator::Share(int64_t count, int rank) const {
  return {count * rank / size(), count * (rank + 1) / size()};
}

absl::Status Communicator::AllReduce(absl::Span<const at::Tensor> tensors) {
  if (size() == 1) return absl::OkStatus();
  const c10::NoGradGuard no_grad;
  for (const auto& [type, group] : ByType(tensors, SumType)) {
    CHECK(type == c10::kFloat || type == c10::kDouble || type == c10::kLong)
        << "tensors of " << c10::toString(type) << " cannot be summed over processes";
    PDARTS_RETURN_IF_ERROR(ThroughBuffer(
        type, group, [&](const at::Tensor& buffer) { return CountedAllReduce(buffer); }));
  }
  return absl::OkStatus();
}

absl::Status Communicator::Broadcast(absl::Span<const at::Tensor> tensors, int root) {
  if (size() == 1) return absl::OkStatus();
  const c10::NoGradGuard no_grad;
  const auto as_it_is = [](c10::ScalarType type) { return type; };
  for (const auto& [type, group] : ByType(tensors, as_it_is)) {
    PDARTS_RETURN_IF_ERROR(ThroughBuffer(
        type, group, [&](const at::Tensor& buffer) { return DoBroadcast(buffer, root); }));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Communicator::BroadcastText(std::string text, int root) {
  if (size() == 1) return text;
  const at::Tensor length =
      at::scalar_tensor(static_cast<int64_t>(text.size()), at::TensorOptions(c10::kLong)).view({1});
  PDARTS_RETURN_IF_ERROR(DoBroadcast(length, root));
  const int64_t bytes = length.item<int64_t>();
  if (bytes == 0) return std::string();
  const at::Tensor buffer = at::empty({bytes}, at::TensorOptions(c10::kByte));
  if (rank() == root) std::memcpy(buffer.mutable_data_ptr(), text.data(), text.size());
  PDARTS_RETURN_IF_ERROR(DoBroadcast(buffer, root));
  return std::string(static_cast<const char*>(buffer.const_data_ptr()), bytes);
}

absl::Status Communicator::Barrier() { return size() == 1 ? absl::OkStatus() : DoBarrier(); }

absl::StatusOr<bool> Communicator::AnyTrue(bool flag) {
  if (size() == 1) return flag;
  const at::Tensor count =
      at::scalar_tensor(static_cast<int64_t>(flag), at::TensorOptions(c10::kLong)).view({1});
  PDARTS_RETURN_IF_ERROR(CountedAllReduce(count));
  return count.item<int64_t>() > 0;
}

absl::Status Communicator::CountedAllReduce(const at::Tensor& buffer) {
  ++counts_.all_reduces;
  counts_.bytes += static_cast<int64_t>(buffer.nbytes());
  return DoAllReduce(buffer);
}

Communicator& SingleProcess() {
  static SingleProcessCommunicator communicator;
  return communicator;
}

void SumInOrder(absl::Span<const at::Tensor> parts, const at::Tensor& sum) {
  CHECK(!parts.empty());
  const c10::NoGradGuard no_grad;
  at::Tensor total = parts[0].clone();
  for (const at::Tensor& part : parts.subspan(1)) total.add_(part);
  sum.copy_(total);
}

}  // namespace pdarts
