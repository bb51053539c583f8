#ifndef PDARTS_RUNS_MODEL_ZOO_H_
#define PDARTS_RUNS_MODEL_ZOO_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pdarts {

// A model zoo is a folder of finished searches, small enough for a repository. Of each search it
// holds spec.textproto, result.json, architecture.textproto, genotype.txt and log.jsonl in the
// folder <name>-seed<seed>. These files name no path of the machine that the search ran on.

/// How large a run in a zoo may be, all its files together, in bytes.
constexpr int64_t kMostZooBytes = 300000;

/// Copies a finished search into a zoo. Absolute paths become their last component. If the log is
/// too large, it keeps every second epoch, else every third, and so on, and the last epoch of each
/// stage. The copy passes CheckZooRun. A failure leaves nothing behind.
/// \param run the run directory.
/// \param zoo the folder of the zoo; it is made if it isn't there.
/// \return the path of the copy.
/// \error kInvalidArgument if the run is a training, or doesn't pass CheckZooRun;
/// kFailedPrecondition if the search isn't finished; kAlreadyExists if the zoo has the run;
/// kResourceExhausted if the run is larger than kMostZooBytes with one epoch a stage; as
/// ReadAnyRunSpec, ReadFile and WriteFileAtomically.
absl::StatusOr<std::string> AddToZoo(const std::string& run, const std::string& zoo);

/// Checks a run of a zoo: its folder has the right name and holds the five files and nothing else,
/// within kMostZooBytes; no file names a path of a machine; the spec loads; the result, the
/// genotype, the log and the architecture belong together and to the spec; the trace derives the
/// genotype again; the parameters and multiply-adds are the counted ones.
/// \error kInvalidArgument, kNotFound or kDataLoss naming the file and what is wrong.
absl::Status CheckZooRun(const std::string& run);

}  // namespace pdarts

#endif  // PDARTS_RUNS_MODEL_ZOO_H_
