#ifndef PDARTS_BENCHMARKS_CHILD_OUTPUT_H_
#define PDARTS_BENCHMARKS_CHILD_OUTPUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pdarts {

/// Runs a program to its end, and returns its standard output and standard error.
/// \param words its arguments, without the name of the program.
/// \error as ChildProcesses::Start; kInternal with the exit status and the output, unless the exit
/// status is 0.
absl::StatusOr<std::string> OutputOf(const std::string& program, std::vector<std::string> words);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_CHILD_OUTPUT_H_
