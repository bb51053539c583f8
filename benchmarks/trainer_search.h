#ifndef PDARTS_BENCHMARKS_TRAINER_SEARCH_H_
#define PDARTS_BENCHMARKS_TRAINER_SEARCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// A search with one stage on synthetic images of 32x32 pixels, computed by `pdarts search`.
struct TrainerSearch {
  std::string program;    ///< path of the `pdarts` command
  std::string kernels;    ///< as in a spec: "FUSED"
  std::string precision;  ///< as in a spec: "FLOAT32"
  /// Of the super-network of the DARTS space.
  int cells = 0, channels = 0;
  Candidates candidates;
  int batch = 0;
  int steps = 0;  ///< steps of each of the two epochs
  int threads = 0;
};

/// The numbers in the search's log for the second of its two epochs. The first epoch fills memory
/// and caches, like the step that the benchmark does not time.
struct TrainerSpeed {
  double images_per_second = 0;  ///< images of both halves
  double peak_mb = 0;
};

/// Runs the search in a temporary folder, and removes the folder.
/// \param topology the topology of the DARTS space.
/// \error as OutputOf and ForEachLogLine; kDataLoss if the log has no such epoch; the error of the
/// system if no temporary folder can be made.
absl::StatusOr<TrainerSpeed> RunTrainerSearch(const Topology& topology,
                                              const TrainerSearch& search);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_TRAINER_SEARCH_H_
