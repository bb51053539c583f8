#ifndef PDARTS_TRAINERS_STAGE_TIME_H_
#define PDARTS_TRAINERS_STAGE_TIME_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.h"

namespace pdarts {

struct ImageSeconds;

/// The time estimate of some work on this machine, in seconds.
struct StageTimeEstimate {
  double seconds = 0;
  double low = 0;
  double high = 0;
};

/// Estimates times of stages. It trains temporary super-networks for a few steps with batches of at
/// most 32 images, and does not change a search. The estimates assume that the time of a step grows
/// with its batch.
class StageTimer {
 public:
  /// \param data training data of the stages; only the first images are read. `data` and
  /// `experiment` must outlive this object.
  StageTimer(const Experiment& experiment, const DatasetSplits& data);

  /// The maximum number of images that an estimate holds at once.
  int64_t batch_size() const { return batch_size_; }

  /// Seconds of one stage with these candidates. weight_images, alpha_images: of each epoch.
  /// \error as SearchSpace::BuildSuperNet and the hooks of the regularizers; kInternal if LibTorch
  /// throws.
  absl::StatusOr<double> Seconds(int stage, const Candidates& candidates, int64_t weight_images,
                                 int64_t alpha_images) const;

  /// The estimate for a stage whose candidates the search has not chosen yet: the mean over three
  /// random choices, and the range over these and over the first and the last candidates of each
  /// edge. The candidates of the first stage are known.
  absl::StatusOr<StageTimeEstimate> Estimate(int stage, int64_t weight_images,
                                             int64_t alpha_images) const;

 private:
  absl::StatusOr<ImageSeconds> Measure(int stage, const Candidates& candidates) const;

  const Experiment& experiment_;
  const DatasetSplits& data_;
  const int64_t batch_size_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAGE_TIME_H_
