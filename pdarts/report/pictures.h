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

/// The training images in a run directory; no value if there are none, as in a run of an earlier
/// version.
/// \error kDataLoss naming the file and an image that is not a JPEG file; as ReadTrainingSamples.
absl::StatusOr<std::optional<TrainingSamples>> FindSamples(const std::string& run);

/// The mistakes on test images in the run directory of a training; no value if there are none.
/// classes: the number of classes in the log.
/// \error kDataLoss naming the file and the part that does not fit; as ReadTestMistakes.
absl::StatusOr<std::optional<TestMistakes>> FindMistakes(const std::string& run, size_t classes);

/// Training images as the network gets them, each with its class.
Html SamplePictures(const TrainingSamples& samples);

/// The confusion matrix as a table whose shades show shares, with a legend. For up to 20 classes,
/// it also shows the numbers of images. mistakes: with a matrix, whose classes have these names.
Html ConfusionMatrix(const TestMistakes& mistakes, const std::vector<std::string>& class_names);

/// The most confident mistakes, each with both classes, the probability and the source of the
/// image.
Html MistakePictures(const TestMistakes& mistakes);

}  // namespace pdarts

#endif  // PDARTS_REPORT_PICTURES_H_
