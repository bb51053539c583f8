#ifndef PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_H_
#define PDARTS_DATASETS_AUGMENTATION_AUGMENTATION_H_

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// What a network is given.
struct Batch {
  at::Tensor images;  ///< `[N,C,H,W]`, normalised
  at::Tensor labels;  ///< `[N]` int64
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
