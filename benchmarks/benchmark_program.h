#ifndef PDARTS_BENCHMARKS_BENCHMARK_PROGRAM_H_
#define PDARTS_BENCHMARKS_BENCHMARK_PROGRAM_H_

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace pdarts {

/// The main function of a benchmark: parses the flags, and calls `run`. Prints the message of an
/// error. Returns the exit status of the program.
/// \param usage what the program does, for --help.
inline int RunBenchmark(int argc, char** argv, const char* usage, absl::Status (*run)()) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  absl::SetProgramUsageMessage(usage);
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = run();
  if (!status.ok()) std::cerr << status.message() << "\n";
  return status.ok() ? 0 : 1;
}

/// Changes to the folder in which the user typed `bazel run`, because paths are relative to it.
/// \error kFailedPrecondition if that folder cannot be entered.
inline absl::Status GoWhereItWasTyped() {
  const char* const typed_in = std::getenv("BUILD_WORKING_DIRECTORY");
  if (typed_in == nullptr || chdir(typed_in) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("can't change to ", typed_in));
}

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_BENCHMARK_PROGRAM_H_
