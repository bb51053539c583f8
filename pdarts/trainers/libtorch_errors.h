#ifndef PDARTS_TRAINERS_LIBTORCH_ERRORS_H_
#define PDARTS_TRAINERS_LIBTORCH_ERRORS_H_

#include "absl/status/status.h"

namespace pdarts {

/// What the exception that is being handled says. Call it only from a `catch` block.
/// \error kResourceExhausted for std::bad_alloc; kInternal with the text of any other exception,
/// of LibTorch's without the C++ stack.
absl::Status StatusOfException();

/// What `work` returns, a `Status` or `StatusOr`; LibTorch reports by throwing.
/// \error as StatusOfException.
template <class Work>
auto CatchLibTorchErrors(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    return StatusOfException();
  }
}

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_LIBTORCH_ERRORS_H_
