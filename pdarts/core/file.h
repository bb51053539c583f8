#ifndef PDARTS_CORE_FILE_H_
#define PDARTS_CORE_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// All bytes of a file. \error kNotFound naming it if it can't be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_CORE_FILE_H_
