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

/// What happens to an image between a dataset and a network: a list of transforms that is known to
/// be in order. Images that do not have the size of DatasetInfo::image are cropped (or stretched)
/// and resized first, if no transform of the list does it. Copies share the transforms, which do
/// not change.
class Transforms {
 public:
  /// How 8-bit values become numbers: (x / 255 - mean) / deviation, of each channel.
  struct Normalization {
    std::vector<double> mean;
    std::vector<double> deviation;
  };

  /// The list of a spec. field: its name in errors, such as "train.transforms".
  /// \param info Dataset::info(), or DatasetSplits::info.
  /// \error kInvalidArgument or kNotFound naming the field and the element that is wrong: no or two
  /// transforms that normalize, a transform that sets the size which is not the first, one that
  /// can't be applied to these images, or images of another size than the network's.
  static absl::StatusOr<Transforms> Create(
      absl::string_view field,
      const google::protobuf::RepeatedPtrField<google::protobuf::Any>& list,
      const DatasetInfo& info);

  /// Of the images that a search trains and measures a super-network on: the list
  /// `search.transforms`, or what `search.augmentation` stands for. The settings are complete.
  /// \error as Create.
  static absl::StatusOr<Transforms> ForSearch(const SearchSettings& settings,
                                              const DatasetInfo& info);
  /// Of the images that a network is trained on: `train.transforms` or `train.augmentation`.
  static absl::StatusOr<Transforms> ForTraining(const TrainSettings& settings,
                                                const DatasetInfo& info);
  /// Of the images that a trained network is measured on: `train.evaluation_transforms`, or
  /// Plain() where there are none.
  static absl::StatusOr<Transforms> ForEvaluation(const TrainSettings& settings,
                                                  const DatasetInfo& info);
  /// Nothing but what a network needs: the size and the normalization. \error kNotFound in a
  /// program without the standard transforms.
  static absl::StatusOr<Transforms> Plain();

  /// What a user may not expect of them on these images, a sentence each that begins with the name
  /// of a field.
  std::vector<std::string> Notes(const DatasetInfo& info) const;

  /// What they do to an image of this size.
  /// \param random the numbers of the epoch.
  /// \param sample the image's index in its source.
  /// \error kInternal if a transform breaks the contract of its interface.
  absl::Status Plan(const DatasetInfo& info, int64_t height, int64_t width,
                    const RandomStream& random, int64_t sample, ImagePlan* plan) const;

  /// The normalization that the list holds. \error as Plan.
  absl::StatusOr<Normalization> FindNormalization(const DatasetInfo& info) const;
  /// The part of an image of this size that is resized to DatasetInfo::image; the whole image where
  /// none is resized. For lists that draw nothing. \error as Plan.
  absl::StatusOr<PixelRegion> FindRegion(const DatasetInfo& info, int64_t height,
                                         int64_t width) const;

 private:
  struct Element {
    std::string field;  ///< "train.transforms[1]"; of a short form "train.augmentation.flip"
    bool is_short = false;
    std::shared_ptr<const Transform> transform;
  };
  class Builder;

  Transforms() = default;

  /// Appends all steps to a plan that has begun. \error kInvalidArgument naming the element that
  /// does not fit the image.
  absl::Status Append(const DatasetInfo& info, const RandomStream& random, int64_t sample,
                      ImagePlan* plan) const;

  std::vector<Element> elements_;
};

}  // namespace pdarts

#endif  // PDARTS_DATASETS_TRANSFORMS_TRANSFORMS_H_
