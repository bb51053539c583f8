#ifndef PDARTS_RUNS_WEIGHTS_FILE_H_
#define PDARTS_RUNS_WEIGHTS_FILE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"

namespace pdarts {

/// Tensors by the names of Python's `state_dict()`.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// What a file of weights says of itself: the `__metadata__` of safetensors.
using WeightsMetadata = std::map<std::string, std::string>;

/// What a file of weights holds.
struct WeightsFile {
  NamedTensors tensors;  ///< on the CPU; no name twice
  WeightsMetadata metadata;
  /// For the user: where in the file the weights were found, and what was left out. One sentence
  /// each, without the file's path.
  std::vector<std::string> notes;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_WEIGHTS_FILE_H_
