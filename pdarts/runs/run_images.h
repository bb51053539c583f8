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

/// A run keeps pictures of so many training images.
inline constexpr int64_t kSampleImages = 8;

/// A training keeps the matrix of confusion for up to so many classes.
inline constexpr size_t kMostConfusionClasses = 100;

/// Pictures of images of the training split, which `source` is.
TrainingSamples DescribeSamples(const BatchPixels& images, const SampleSource& source,
                                const std::vector<std::string>& class_names);

/// What the images of the test split, which `source` is, were taken for after an epoch, from 1.
TestMistakes DescribeMistakes(int epoch, const Evaluation& evaluation, const SampleSource& source,
                              const std::vector<std::string>& class_names);

/// Adds the matrix of confusion, a row for each true class. counts: of CountGuesses.
void AddConfusion(const std::vector<std::map<int64_t, int64_t>>& counts,
                  google::protobuf::RepeatedPtrField<ConfusionRow>* rows);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_IMAGES_H_
