#ifndef PDARTS_CLI_SESSION_FLAGS_H_
#define PDARTS_CLI_SESSION_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/base/memory_limits.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {

/// The options that the flags give. Results go to standard output, notes and the progress to
/// standard error.
SessionOptions SessionOptionsFromFlags();

/// Prints notes for the user on standard error, one line for each.
void Tell(const std::vector<std::string>& notes);

/// Prints a result on standard output as JSON if --json asks for it; returns whether it does.
bool PrintedAsJson(const google::protobuf::Message& result);

/// Sets the number of threads of LibTorch's operators from --threads, and returns the number.
/// \error as SetCheckedThreads.
absl::StatusOr<int> SetThreadsFromFlags();

/// The memory that a command may use according to --allow_swap.
MemoryPolicy MemoryPolicyFromFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_SESSION_FLAGS_H_
