#ifndef PDARTS_RUNS_RUN_IMAGES_H_
#define PDARTS_RUNS_RUN_IMAGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "google/protobuf/repeated_field.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/runs/run_images.pb.h"
#include "pdarts/trainers/evaluation.h"

namespace pdarts {

/// The number of training images that a run keeps.
inline constexpr int64_t kSampleImages = 8;

/// The maximum number of classes for which a training keeps the confusion matrix.
inline constexpr size_t kMostConfusionClasses = 100;

/// Describes images of the training split `source`.
TrainingSamples DescribeSamples(const BatchPixels& images, const SampleSource& source,
                                const std::vector<std::string>& class_names);

/// Describes the predicted classes of the images of the test split `source` after an epoch. The
/// first epoch is 1.
TestMistakes DescribeMistakes(int epoch, const Evaluation& evaluation, const SampleSource& source,
                              const std::vector<std::string>& class_names);

/// Adds the confusion matrix, with a row for each true class. `counts` is the result of
/// CountPredictedClasses.
void AddConfusion(const std::vector<std::map<int64_t, int64_t>>& counts,
                  google::protobuf::RepeatedPtrField<ConfusionRow>* rows);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_IMAGES_H_
