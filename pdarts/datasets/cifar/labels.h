#ifndef PDARTS_DATASETS_CIFAR_LABELS_H_
#define PDARTS_DATASETS_CIFAR_LABELS_H_

#include "pdarts/core/dataset.h"

namespace pdarts::cifar {

/// Image shape, class names in the published label order and channel statistics of CIFAR-10
/// (docs/algorithm.md, "The two halves of the training images").
DatasetInfo Cifar10Info();

/// Image shape, class names and channel statistics of CIFAR-100, with its 100 fine or its 20 coarse
/// labels.
DatasetInfo Cifar100Info(bool coarse);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_LABELS_H_
