#ifndef PDARTS_DATASETS_ORDERING_H_
#define PDARTS_DATASETS_ORDERING_H_

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"

namespace pdarts {

/// A random order of images in which classes alternate, so that a split of a training set that came
/// sorted by class into a first and a second half holds every class in both (docs/algorithm.md,
/// "The two halves of the training images").
///
/// The classes take turns in one random order that stays the same throughout, the larger classes
/// first: with K classes whose sizes differ by one at most, any K images in a row are of K classes.
/// A class with fewer images than the largest misses turns evenly. Which image of its class comes
/// when is random.
/// \param labels `[N]` int64, any values, on the CPU.
/// \return `[N]` int64, a permutation of [0, N): the image that comes i-th is `result[i]`.
at::Tensor AlternateClasses(const at::Tensor& labels, at::Generator generator);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_ORDERING_H_
