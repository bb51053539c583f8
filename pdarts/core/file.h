#ifndef PDARTS_CORE_FILE_H_
#define PDARTS_CORE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// All bytes of a file. \error kNotFound naming it if it can't be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

/// What `errno` says of a call that failed: "can't `what` `path`: No space left on device".
absl::Status SystemError(absl::string_view what, const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_CORE_FILE_H_
