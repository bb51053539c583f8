#include "pdarts/spaces/darts/preprocessing.h"

namespace pdarts::darts {
namespace {

std::shared_ptr<nn::Operation> Pointwise(int64_t in_channels, const CellShape& cell_shape,
                                         bool affine, const Backend& backend,
                                         const at::Generator& generator) {
  return nn::MakeReluConvBn(in_channels, cell_shape.channels, /*kernel=*/1, /*stride=*/1,
                            /*bias=*/false, affine, backend, generator);
}

}  // namespace

Preprocessing::Preprocessing(torch::nn::Module& cell, const CellShape& cell_shape, bool affine,
                             const Backend& backend, const at::Generator& generator) {
  input0 = cell_shape.previous_reduces
               ? nn::MakeFactorizedReduce(cell_shape.input0_channels, cell_shape.channels, affine,
                                          backend, generator)
               : Pointwise(cell_shape.input0_channels, cell_shape, affine, backend, generator);
  input1 = Pointwise(cell_shape.input1_channels, cell_shape, affine, backend, generator);
  cell.register_module("preprocess0", input0);
  cell.register_module("preprocess1", input1);
}

}  // namespace pdarts::darts
