#ifndef PDARTS_BENCHMARKS_BENCHMARK_PROGRAM_H_
#define PDARTS_BENCHMARKS_BENCHMARK_PROGRAM_H_

#include <iostream>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
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

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_BENCHMARK_PROGRAM_H_
