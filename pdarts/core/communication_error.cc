#include "pdarts/core/communication_error.h"

#include <string>
#include <utility>

namespace pdarts {

CommunicationError::CommunicationError(absl::Status status)
    : std::runtime_error(std::string(status.message())), status_(std::move(status)) {}

void AllReduceOrThrow(Communicator& communicator, absl::Span<const at::Tensor> tensors) {
  const absl::Status status = communicator.AllReduce(tensors);
  if (!status.ok()) throw CommunicationError(status);
}

}  // namespace pdarts
