#ifndef PDARTS_CORE_COMMUNICATION_ERROR_H_
#define PDARTS_CORE_COMMUNICATION_ERROR_H_

#include <stdexcept>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "pdarts/core/communicator.h"

namespace pdarts {

/// A collective call that failed within a pass through a network, where autograd stands between the
/// call and its caller, so that no Status can be returned.
class CommunicationError : public std::runtime_error {
 public:
  explicit CommunicationError(absl::Status status);

  const absl::Status& status() const { return status_; }

 private:
  const absl::Status status_;
};

/// Communicator::AllReduce for passes through networks. Throws CommunicationError if it fails.
void AllReduceOrThrow(Communicator& communicator, absl::Span<const at::Tensor> tensors);

}  // namespace pdarts

#endif  // PDARTS_CORE_COMMUNICATION_ERROR_H_
