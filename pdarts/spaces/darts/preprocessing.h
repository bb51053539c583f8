#ifndef PDARTS_SPACES_DARTS_PREPROCESSING_H_
#define PDARTS_SPACES_DARTS_PREPROCESSING_H_

#include <memory>

#include "ATen/core/Generator.h"
#include "pdarts/nn/operation.h"
#include "pdarts/spaces/darts/cells.h"

namespace pdarts::darts {

/// What brings a cell's inputs to its channels and size. Children of the cell: `preprocess0`,
/// `preprocess1`.
struct Preprocessing {
  Preprocessing(torch::nn::Module& cell, const CellPlan& plan, bool affine, const Backend& backend,
                const at::Generator& generator);

  std::shared_ptr<nn::Operation> input0;
  std::shared_ptr<nn::Operation> input1;
};

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_PREPROCESSING_H_
