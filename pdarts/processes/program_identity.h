#ifndef PDARTS_PROCESSES_PROGRAM_IDENTITY_H_
#define PDARTS_PROCESSES_PROGRAM_IDENTITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The SHA-256 of the file that this process runs, as 64 hexadecimal digits.
/// \error as ReadFile.
absl::StatusOr<std::string> ExecutableChecksum();

/// The build ID that the linker has given to a library which is loaded, in hexadecimal digits.
/// Empty if there is none. \param name how the library's file is named, such as "libtorch_cpu.so".
std::string LibraryBuildId(absl::string_view name);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_PROGRAM_IDENTITY_H_
