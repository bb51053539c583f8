#ifndef PDARTS_CLI_PROCESS_START_H_
#define PDARTS_CLI_PROCESS_START_H_

#include "absl/status/status.h"

namespace pdarts {

// Linked into a program, this library acts before the libraries of the program begin their work:
//
// It occupies the standard descriptors that the program was started without. Otherwise the next
// file that is opened gets such a number, and what is meant for a terminal is written into it.
//
// It leaves a working directory that can't be used, such as one that was removed. There oneMKL ends
// the process while it is loaded.

/// \error kFailedPrecondition if the working directory could not be used when the process began.
absl::Status CheckWorkingDirectoryAtStart();

}  // namespace pdarts

#endif  // PDARTS_CLI_PROCESS_START_H_
