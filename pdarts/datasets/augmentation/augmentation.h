#ifndef PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_H_
#define PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_H_

#include <cstdint>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// What a network is given.
struct Batch {
  at::Tensor images;  ///< `[N,C,H,W]`, normalised
  at::Tensor labels;  ///< `[N]` int64
  /// Where the images stand in the training: the epoch (or the stage's epoch), from 0, and the
  /// position of the first image in the epoch's order, which the others follow. What is drawn for
  /// an image depends on both, so trainers set them; other batches may leave them at 0.
  int64_t epoch = 0;
  int64_t first_image = 0;
};

/// The images of `indices` (`[N]` int64), augmented: random crop of the original size with zero
/// padding, random horizontal flip, normalisation, cutout. The numbers drawn depend only on the
/// generator and the settings, not on threads. dtype: float32 or float64.
Batch MakeTrainingBatch(const ImageSplit& split, const at::Tensor& indices,
                        const AugmentationSettings& settings, const DatasetInfo& info,
                        at::ScalarType dtype, at::Generator& generator);

/// The images of `indices`, normalised only.
Batch MakeEvaluationBatch(const ImageSplit& split, const at::Tensor& indices,
                          const DatasetInfo& info, at::ScalarType dtype);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_H_
