#ifndef PDARTS_DATASETS_TRANSFORMS_TRANSFORMS_H_
#define PDARTS_DATASETS_TRANSFORMS_TRANSFORMS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/repeated_field.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/random_stream.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/core/transform.h"

namespace pdarts {

/// The list of transforms between a dataset and a network. Its order has been checked. If no
/// transform of the list sets the size, images that do not have the size of DatasetInfo::image are
/// first cropped (or stretched) and resized. Copies share the transforms, which are immutable.
class Transforms {
 public:
  /// The normalization of 8-bit values for each channel: (x / 255 - mean) / deviation, where
  /// `deviation` is the standard deviation.
  struct Normalization {
    std::vector<double> mean;
    std::vector<double> deviation;
  };

  /// Makes the list of a spec. `field` is the name of the list in errors, such as
  /// "train.transforms".
  /// \param info Dataset::info(), or DatasetSplits::info.
  /// \error kInvalidArgument or kNotFound naming the field and the wrong element, if no transform
  /// or more than one normalizes, if a transform that sets the size is not the first, if a
  /// transform cannot be applied to these images, or if the result does not have the size of the
  /// network's images.
  static absl::StatusOr<Transforms> Create(
      absl::string_view field,
      const google::protobuf::RepeatedPtrField<google::protobuf::Any>& list,
      const DatasetInfo& info);

  /// The transforms of the images of a search: the list `search.transforms`, or the list that
  /// `search.augmentation` stands for. The search trains and evaluates the super-network with them.
  /// The settings are complete.
  /// \error as Create.
  static absl::StatusOr<Transforms> ForSearch(const SearchSettings& settings,
                                              const DatasetInfo& info);
  /// The transforms of the images of a training: `train.transforms` or `train.augmentation`.
  static absl::StatusOr<Transforms> ForTraining(const TrainSettings& settings,
                                                const DatasetInfo& info);
  /// The transforms of the images of an evaluation: `train.evaluation_transforms`, or Plain() if
  /// that is empty.
  static absl::StatusOr<Transforms> ForEvaluation(const TrainSettings& settings,
                                                  const DatasetInfo& info);
  /// Only what a network needs: the size and the normalization. \error kNotFound if the program
  /// does not contain the standard transforms.
  static absl::StatusOr<Transforms> Plain();

  /// Notes on effects that a user may not expect with these images. Each note is a sentence that
  /// begins with the name of a field.
  std::vector<std::string> Notes(const DatasetInfo& info) const;

  /// Plans the changes of an image of this size.
  /// \param random the random numbers of the epoch.
  /// \param sample the index of the image in its source.
  /// \error kInternal if a transform breaks the contract of its interface.
  absl::Status Plan(const DatasetInfo& info, int64_t height, int64_t width,
                    const RandomStream& random, int64_t sample, ImagePlan* plan) const;

  /// The normalization in the list. \error as Plan.
  absl::StatusOr<Normalization> FindNormalization(const DatasetInfo& info) const;
  /// The part of an image of this size that is resized to DatasetInfo::image; the whole image if no
  /// transform resizes. Only for lists without random numbers. \error as Plan.
  absl::StatusOr<PixelRegion> FindRegion(const DatasetInfo& info, int64_t height,
                                         int64_t width) const;

 private:
  struct Element {
    std::string field;  ///< "train.transforms[1]"; for a short form "train.augmentation.flip"
    bool is_short = false;
    std::shared_ptr<const Transform> transform;
  };
  class Builder;

  Transforms() = default;

  /// The transforms of SearchSettings or TrainSettings. name: of the settings in the spec.
  template <class Settings>
  static absl::StatusOr<Transforms> OfSettings(absl::string_view name, const Settings& settings,
                                               const DatasetInfo& info);

  /// Appends all steps of the list to a plan that has begun. \error kInvalidArgument naming the
  /// element that does not fit the image.
  absl::Status Append(const DatasetInfo& info, const RandomStream& random, int64_t sample,
                      ImagePlan* plan) const;

  std::vector<Element> elements_;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_TRANSFORMS_H_
