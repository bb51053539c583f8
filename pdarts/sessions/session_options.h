#ifndef PDARTS_SESSIONS_SESSION_OPTIONS_H_
#define PDARTS_SESSIONS_SESSION_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/base/memory_limits.h"

namespace pdarts {

/// What a user decides about a search, a training, or the use of a trained network, apart from its
/// spec. The command line has a flag for each field that is not a stream or a function. Messages
/// name the fields as these flags: `--threads`.
struct SessionOptions {
  /// The run directory. If it is empty, the run directory is runs/<name>-seed<seed>.
  std::string output_dir;
  std::string data_dir;  ///< LoadOptions::data_dir
  /// The value of --data_dir as the user typed it; empty if the user did not type it. If the data
  /// of a trained network lie elsewhere, a note tells it.
  std::string typed_data_dir;
  /// The directory of an earlier run. A training reads the data of this run if `data_dir` is empty
  /// and the data are not in the place that its spec names. Empty: there is no such run.
  std::string data_of_run;
  int threads = 0;  ///< threads of LibTorch's operators; 0: LibTorch's own choice
  bool dry_run = false;
  bool overwrite = false;
  bool resume = false;      ///< whether a new run must not begin
  bool allow_swap = false;  ///< whether memory is used that is not free
  double checkpoint_minutes = 10;
  bool json = false;  ///< whether a result is printed as JSON

  std::ostream* results = nullptr;  ///< gets results; null: results are not printed
  std::ostream* notes = nullptr;    ///< gets notes for the user; null: notes are not printed
  bool show_progress = false;       ///< whether standard error shows the progress
  /// The command that continues a run that was stopped. The argument is the run directory. If there
  /// is no function, messages name no command.
  std::function<std::string(const std::string& run)> resume_command;
};

/// Prints notes for the user, one line for each. Without a stream, the function prints nothing.
void Tell(const std::vector<std::string>& notes, std::ostream* stream);

/// Prints a result as JSON if the options say so. Returns whether nothing is left to print: the
/// result was printed as JSON, or there is no stream for results.
bool PrintedAsJson(const google::protobuf::Message& result, const SessionOptions& options);

/// The absolute path of the run directory of a run with this name and seed.
std::string OutputDir(const SessionOptions& options, const std::string& name, int64_t seed);

/// Sets the number of threads of LibTorch's operators, and returns the number. If `threads` is 0,
/// the number is LibTorch's choice.
/// \error kInvalidArgument if the number is negative, or so large that the threads would slow each
/// other down.
absl::StatusOr<int> SetCheckedThreads(int threads);

/// The memory that a command may use. `processes` is the number of processes on this machine that
/// use the same amount each.
MemoryPolicy MemoryPolicyOf(const SessionOptions& options, int processes = 1);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_SESSION_OPTIONS_H_
