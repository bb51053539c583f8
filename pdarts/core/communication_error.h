#ifndef PDARTS_CORE_COMMUNICATION_ERROR_H_
#define PDARTS_CORE_COMMUNICATION_ERROR_H_

#include <stdexcept>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "pdarts/core/communicator.h"

namespace pdarts {

/// The error of a collective call inside a forward or backward pass. Autograd is between the call
/// and the caller of the pass, so the call cannot return a Status.
class CommunicationError : public std::runtime_error {
 public:
  explicit CommunicationError(absl::Status status);

  const absl::Status& status() const { return status_; }

 private:
  const absl::Status status_;
};

/// Communicator::AllReduce for use inside a forward or backward pass. Throws CommunicationError if
/// the call fails.
void AllReduceOrThrow(Communicator& communicator, absl::Span<const at::Tensor> tensors);

}  // namespace pdarts

#endif  // PDARTS_CORE_COMMUNICATION_ERROR_H_
