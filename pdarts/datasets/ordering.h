#ifndef PDARTS_DATASETS_ORDERING_H_
#define PDARTS_DATASETS_ORDERING_H_

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"

namespace pdarts {

/// A random order of images in which classes alternate. If a training set was sorted by class, its
/// first and second half then both hold every class (docs/algorithm.md, "The two halves of the
/// training images").
///
/// The classes follow each other in one random order, which is the same in every round, with larger
/// classes first. If the sizes of K classes differ by at most one, any K consecutive images have K
/// different classes. A class with fewer images than the largest class is left out of some rounds,
/// which are evenly distributed. The order of the images within a class is random.
/// \param labels `[N]` int64, any values, on the CPU.
/// \return `[N]` int64, a permutation of [0, N): the image at place i is `result[i]`.
at::Tensor AlternateClasses(const at::Tensor& labels, at::Generator generator);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_ORDERING_H_
