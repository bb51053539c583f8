#ifndef PDARTS_WEIGHTS_WEIGHTS_FILE_H_
#define PDARTS_WEIGHTS_WEIGHTS_FILE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"

namespace pdarts {

/// Tensors with the names of Python's `state_dict()`.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// The metadata of a file of weights: the `__metadata__` of safetensors.
using WeightsMetadata = std::map<std::string, std::string>;

/// The content of a file of weights.
struct WeightsFile {
  NamedTensors tensors;  ///< on the CPU; names are unique
  WeightsMetadata metadata;
  /// Notes for the user: where in the file the weights were found, and what was left out. Each note
  /// is one sentence without the path of the file.
  std::vector<std::string> notes;
};

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_WEIGHTS_FILE_H_
