#ifndef PDARTS_DATASETS_ORDERING_H_
#define PDARTS_DATASETS_ORDERING_H_

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"

namespace pdarts {

/// A seeded order in which classes alternate, for data that comes sorted by class: rounds of one
/// image of every class that has any left, classes and images in random order (ALGORITHM 2, data).
/// labels: `[N]` int64, not negative. Returns a permutation `[N]` int64.
at::Tensor AlternateClasses(const at::Tensor& labels, at::Generator generator);

}  // namespace pdarts

#endif  // PDARTS_DATASETS_ORDERING_H_
