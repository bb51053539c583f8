#ifndef TESTS_DATA_PARALLEL_PROCESSES_H_
#define TESTS_DATA_PARALLEL_PROCESSES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "c10/core/ScalarType.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "torch/nn/module.h"

namespace pdarts {

/// The number of images of an epoch. Its batches have 7, 7 and 2 images. Two processes have shares
/// of 3 and 4 images, and three processes have shares of 2, 2 and 3 images. Three processes do not
/// divide the last batch.
inline constexpr int64_t kEpochImages = 16;
inline constexpr int64_t kBatchImages = 7;

/// Loads kEpochImages training images, beginning with `first_image`. `part_images` is
/// LoaderOptions::part_images.
absl::StatusOr<std::unique_ptr<Loader>> MakeLoader(const DatasetSplits& data, int64_t first_image,
                                                   Transforms transforms, std::string purpose,
                                                   at::ScalarType dtype, Communicator& communicator,
                                                   int64_t part_images = 0);

/// The named tensors of a process at the end.
using Tensors = std::map<std::string, at::Tensor>;

/// A tensor with one number, in float64.
at::Tensor Number(double value);

/// Copies of a module's parameters and buffers.
Tensors StateOf(const torch::nn::Module& module);

/// Runs `train` in a single process, and in groups of several processes with one thread each.
/// Expects that the processes of a group end with identical bits. Expects that they differ from the
/// single process by at most `tolerance`, relative to the largest element of a tensor if that is
/// above 1. `groups` holds the numbers of processes.
void ExpectProcessesAgree(
    double tolerance,
    const std::function<absl::StatusOr<Tensors>(Communicator& communicator)>& train,
    const std::vector<int>& groups = {2, 3});

}  // namespace pdarts

#endif  // TESTS_DATA_PARALLEL_PROCESSES_H_
