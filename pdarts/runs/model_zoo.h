#ifndef PDARTS_RUNS_MODEL_ZOO_H_
#define PDARTS_RUNS_MODEL_ZOO_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pdarts {

// A model zoo is a folder of finished searches, small enough for a repository. A zoo holds five
// files of each search, spec.textproto, result.json, architecture.textproto, genotype.txt and
// log.jsonl, in the folder <name>-seed<seed>. These files name no path of the machine that the
// search ran on.

/// The maximum size of all files of a run in a zoo together, in bytes.
constexpr int64_t kMostZooBytes = 300000;

/// Copies a finished search into a zoo. Each absolute path in the files is replaced by its last
/// component. If the log is too large, the copy keeps every second epoch, or every third, and so
/// on, and the last epoch of each stage. The copy passes CheckZooRun. After an error, no copy is
/// left.
/// \param run the run directory.
/// \param zoo the folder of the zoo; it is created if it does not exist.
/// \return the path of the copy.
/// \error kInvalidArgument if the run is a training, or does not pass CheckZooRun;
/// kFailedPrecondition if the search is not finished; kAlreadyExists if the zoo has the run;
/// kResourceExhausted if the run is larger than kMostZooBytes even with one epoch for each stage;
/// as ReadAnyRunSpec, ReadFile and WriteFileAtomically.
absl::StatusOr<std::string> AddToZoo(const std::string& run, const std::string& zoo);

/// Checks a run of a zoo:
/// - The folder has the right name, and holds only the five files, within kMostZooBytes.
/// - No file names a path of a machine.
/// - The spec can be loaded.
/// - The result, the genotype, the log and the architecture belong to each other and to the spec.
/// - The derivation trace leads to the genotype.
/// - The parameters and multiply-adds of the result are those that a count gives.
/// \error kInvalidArgument, kNotFound or kDataLoss naming the file and what is wrong.
absl::Status CheckZooRun(const std::string& run);

}  // namespace pdarts

#endif  // PDARTS_RUNS_MODEL_ZOO_H_
