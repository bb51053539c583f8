#ifndef PDARTS_SPACES_DARTS_PREPROCESSING_H_
#define PDARTS_SPACES_DARTS_PREPROCESSING_H_

#include <memory>
#include <vector>

#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/nn/operation.h"
#include "pdarts/spaces/darts/cells.h"

namespace pdarts::darts {

/// The layers that give the inputs of a cell the channels and the size of the cell. They are the
/// children `preprocess0` and `preprocess1` of the cell.
struct Preprocessing {
  Preprocessing(torch::nn::Module& cell, const CellShape& cell_shape, bool affine,
                const Backend& backend, const at::Generator& generator);

  /// Applies the layers to the inputs of the cell.
  std::vector<at::Tensor> Forward(const at::Tensor& x0, const at::Tensor& x1,
                                  const ForwardContext& context, const Backend& backend) const {
    return nn::ForwardEach({input0.get(), input1.get()}, {x0, x1}, context, backend);
  }

  std::shared_ptr<nn::Operation> input0;
  std::shared_ptr<nn::Operation> input1;
};

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_PREPROCESSING_H_
