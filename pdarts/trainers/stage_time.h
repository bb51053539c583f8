#ifndef PDARTS_TRAINERS_STAGE_TIME_H_
#define PDARTS_TRAINERS_STAGE_TIME_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.h"

namespace pdarts {

struct ImageSeconds;

/// Seconds that work is expected to take on this machine.
struct TimeForecast {
  double seconds = 0;
  double low = 0;
  double high = 0;
};

/// Forecasts train throw-away super-networks for a few steps, with batches of at most 32 images,
/// and change nothing of a search. They hold where the time of a step grows with its batch.
class StageTimer {
 public:
  /// \param data what the stages train on; only its first images are read. Must outlive this
  ///     object, as must `experiment`.
  StageTimer(const Experiment& experiment, const DatasetSplits& data);

  /// How many images a forecast holds at once.
  int64_t batch_size() const { return batch_size_; }

  /// Seconds of one stage with these candidates. weight_images, alpha_images: of each epoch.
  /// \error as SearchSpace::BuildSuperNet and the regularizers' hooks; kInternal if LibTorch
  /// throws.
  absl::StatusOr<double> Seconds(int stage, const Candidates& candidates, int64_t weight_images,
                                 int64_t alpha_images) const;

  /// The same for a stage whose candidates the search has yet to choose: the mean over three random
  /// choices, and the range from the least to the most of these, of the first and of the last
  /// candidates of each edge. The candidates of the first stage are known.
  absl::StatusOr<TimeForecast> Forecast(int stage, int64_t weight_images,
                                        int64_t alpha_images) const;

 private:
  absl::StatusOr<ImageSeconds> Measure(int stage, const Candidates& candidates) const;

  const Experiment& experiment_;
  const DatasetSplits& data_;
  const int64_t batch_size_;
};

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_STAGE_TIME_H_
