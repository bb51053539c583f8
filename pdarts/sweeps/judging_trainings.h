#ifndef PDARTS_SWEEPS_JUDGING_TRAININGS_H_
#define PDARTS_SWEEPS_JUDGING_TRAININGS_H_

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/sweeps/architecture_judge.h"
#include "pdarts/sweeps/run_queue.h"

namespace pdarts {

struct JudgingOptions {
  std::vector<int64_t> seeds;  ///< at least one
  std::string output;          ///< the folder of the trainings
  /// Run directories. A finished training of the same spec is not computed again.
  std::vector<std::string> finished_folders;
  int jobs = 1;  ///< the number of trainings that run at the same time
  ChildRunOptions child;
  /// Returns the command that continues the interrupted work. The argument is the directory of a
  /// training that was begun, or empty.
  std::function<std::string(const std::string&)> resume_command;
  std::ostream* messages = nullptr;  ///< the stream for the states of the trainings; not null
};

/// The trainings of all architectures, each with every seed. An architecture that is given twice is
/// trained once. The trainings in `finished_folders` count as finished before.
/// \error as SearchSpace::Parse.
absl::StatusOr<std::vector<QueuedRun>> PlanTrainings(const Judge& judge,
                                                     const std::vector<GivenGroup>& groups,
                                                     const JudgingOptions& options);

/// Trains all architectures. Returns the accuracy of each architecture as the mean over its seeds.
/// \error kCancelled if a signal stopped the work; kInternal naming the trainings that failed.
absl::StatusOr<std::vector<double>> TrainAll(const Judge& judge,
                                             const std::vector<GivenGroup>& groups,
                                             const JudgingOptions& options,
                                             std::vector<std::string>* notes);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_JUDGING_TRAININGS_H_
