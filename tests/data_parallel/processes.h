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
#include "google/protobuf/message.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "torch/nn/module.h"

namespace pdarts {

/// Reads a spec from text, sets its fields to their defaults, and then changes `settings`, as --set
/// does.
/// \error of ParseSpecInto, CompleteSpec and SetField.
absl::Status MakeSpec(const char* text, const std::vector<std::string>& settings,
                      google::protobuf::Message* spec);

/// An epoch of so many images has batches of 7, 7 and 2 images: shares of 3 and 4 for two
/// processes, and of 2, 2 and 3 for three. Three processes do not share the last batch.
inline constexpr int64_t kEpochImages = 16;
inline constexpr int64_t kBatchImages = 7;

/// Loads kEpochImages training images, from `first_image` on. part_images:
/// LoaderOptions::part_images.
absl::StatusOr<std::unique_ptr<Loader>> MakeLoader(const DatasetSplits& data, int64_t first_image,
                                                   Transforms transforms, std::string purpose,
                                                   at::ScalarType dtype, Communicator& communicator,
                                                   int64_t part_images = 0);

/// Named tensors that a process ends with.
using Tensors = std::map<std::string, at::Tensor>;

/// A tensor with one number, in float64.
at::Tensor Number(double value);

/// Copies of a module's parameters and buffers.
Tensors StateOf(const torch::nn::Module& module);

/// Runs `train` alone, and as each of several processes with one thread each. Expects that the
/// processes of a group end with the same bits, and that they differ from what the single process
/// ends with by at most `tolerance`, relative to the largest element of a tensor if that is
/// above 1.
/// groups: the numbers of processes.
void ExpectProcessesAgree(
    double tolerance,
    const std::function<absl::StatusOr<Tensors>(Communicator& communicator)>& train,
    const std::vector<int>& groups = {2, 3});

}  // namespace pdarts

#endif  // TESTS_DATA_PARALLEL_PROCESSES_H_
