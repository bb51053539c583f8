#ifndef PDARTS_REPORT_PICTURES_H_
#define PDARTS_REPORT_PICTURES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/report/html.h"
#include "pdarts/runs/run_images.pb.h"

namespace pdarts {

/// The pictures of training images that a run directory holds; unset if there are none, as in a run
/// of an earlier version.
/// \error kDataLoss naming the file and the picture that is no JPEG file; as ReadTrainingSamples.
absl::StatusOr<std::optional<TrainingSamples>> FindSamples(const std::string& run);

/// The mistakes on test images that the run directory of a training holds; unset if there are none.
/// classes: how many the log names.
/// \error kDataLoss naming the file and what does not fit; as ReadTestMistakes.
absl::StatusOr<std::optional<TestMistakes>> FindMistakes(const std::string& run, size_t classes);

/// Training images as a network is given them, each with its class.
Html SamplePictures(const TrainingSamples& samples);

/// The matrix of confusion as a table whose shades show shares, with a legend. Up to 20 classes it
/// shows the numbers of images too. mistakes: with a matrix, whose classes have these names.
Html ConfusionMatrix(const TestMistakes& mistakes, const std::vector<std::string>& class_names);

/// The most confident mistakes, each with both classes, the probability and where the image is
/// from.
Html MistakePictures(const TestMistakes& mistakes);

}  // namespace pdarts

#endif  // PDARTS_REPORT_PICTURES_H_
