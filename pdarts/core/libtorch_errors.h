#ifndef PDARTS_CORE_LIBTORCH_ERRORS_H_
#define PDARTS_CORE_LIBTORCH_ERRORS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {

/// The status for the exception that is being handled. Call it only in a `catch` block.
/// \error kResourceExhausted, "out of memory: ...", if memory cannot be allocated; the status of a
/// CommunicationError; kInternal with the text of any other exception. The text of LibTorch's
/// exceptions has no C++ stack.
absl::Status StatusOfException();

/// Calls `work`, which returns a `Status` or a `StatusOr`, and converts exceptions of LibTorch to a
/// status.
/// \param place is put before the text of an exception: "stage 1, epoch 2".
/// \error as StatusOfException.
template <class Work>
auto CatchLibTorchErrors(const Work& work, absl::string_view place = "") -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    return place.empty() ? StatusOfException() : Annotate(StatusOfException(), place);
  }
}

}  // namespace pdarts

#endif  // PDARTS_CORE_LIBTORCH_ERRORS_H_
