#ifndef PDARTS_BENCHMARKS_TRAINER_SEARCH_H_
#define PDARTS_BENCHMARKS_TRAINER_SEARCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// A search of one stage on synthetic images of 32x32, as `pdarts search` runs it.
struct TrainerSearch {
  std::string program;    ///< path of the `pdarts` command
  std::string kernels;    ///< as in a spec: "FUSED"
  std::string precision;  ///< as in a spec: "FLOAT32"
  /// Of the super-network of the DARTS space.
  int cells = 0, channels = 0;
  Candidates candidates;
  int batch = 0;
  int steps = 0;  ///< of each of the two epochs
  int threads = 0;
};

/// What the search wrote into its log about the second of its two epochs. The first epoch warms up
/// memory and caches, as the step that the benchmark doesn't time.
struct TrainerSpeed {
  double images_per_second = 0;  ///< of both halves
  double peak_mb = 0;
};

/// Runs the search in a temporary folder, which is removed again.
/// \param topology of the DARTS space.
/// \error as OutputOf and ForEachLogLine; kDataLoss if the log has no such epoch; what the system
/// says if there can be no temporary folder.
absl::StatusOr<TrainerSpeed> RunTrainerSearch(const Topology& topology,
                                              const TrainerSearch& search);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_TRAINER_SEARCH_H_
