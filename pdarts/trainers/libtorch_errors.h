#ifndef PDARTS_TRAINERS_LIBTORCH_ERRORS_H_
#define PDARTS_TRAINERS_LIBTORCH_ERRORS_H_

#include <exception>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace pdarts {

/// What `work` returns, a `Status` or `StatusOr`; LibTorch reports by throwing.
/// \error kInternal with the text of an exception.
template <class Work>
auto CatchLibTorchErrors(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_LIBTORCH_ERRORS_H_
