#ifndef PDARTS_CLI_PROCESS_START_H_
#define PDARTS_CLI_PROCESS_START_H_

#include "absl/status/status.h"

namespace pdarts {

// A program that links this library runs the following code before the code of its libraries.
//
// It opens the standard descriptors that were closed when the program was started. Otherwise the
// next opened file would get such a number, and messages for the terminal would be written into it.
//
// It leaves a working directory that cannot be used, for example because it was removed. In such a
// directory, oneMKL ends the process while oneMKL is loaded.

/// \error kFailedPrecondition if the working directory could not be used when the process began.
absl::Status CheckWorkingDirectoryAtStart();

}  // namespace pdarts

#endif  // PDARTS_CLI_PROCESS_START_H_
