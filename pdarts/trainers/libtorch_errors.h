#ifndef PDARTS_TRAINERS_LIBTORCH_ERRORS_H_
#define PDARTS_TRAINERS_LIBTORCH_ERRORS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {

/// What the exception that is being handled says. Call it only from a `catch` block.
/// \error kResourceExhausted, "out of memory: ...", if memory can't be allocated; that of a
/// CommunicationError; kInternal with the text of any other exception, of LibTorch's without the
/// C++ stack.
absl::Status StatusOfException();

/// What `work` returns, a `Status` or `StatusOr`; LibTorch reports by throwing.
/// \param place stands in front of what an exception says: "stage 1, epoch 2".
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

#endif  // PDARTS_TRAINERS_LIBTORCH_ERRORS_H_
