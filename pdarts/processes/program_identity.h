#ifndef PDARTS_PROCESSES_PROGRAM_IDENTITY_H_
#define PDARTS_PROCESSES_PROGRAM_IDENTITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The SHA-256 of the program file of this process, as 64 hexadecimal digits.
/// \error as ReadFile.
absl::StatusOr<std::string> ExecutableChecksum();

/// The build ID that the linker gave to a loaded library, in hexadecimal digits. Empty if the
/// library has none. \param name the file name of the library, such as "libtorch_cpu.so".
std::string LibraryBuildId(absl::string_view name);

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_PROGRAM_IDENTITY_H_
