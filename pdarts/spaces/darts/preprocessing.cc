#include "pdarts/spaces/darts/preprocessing.h"

namespace pdarts::darts {
namespace {

std::shared_ptr<nn::Operation> Pointwise(int64_t in_channels, const CellPlan& plan, bool affine,
                                         const Backend& backend, const at::Generator& generator) {
  return nn::MakeReluConvBn(in_channels, plan.channels, /*kernel=*/1, /*stride=*/1, /*bias=*/false,
                            affine, backend, generator);
}

}  // namespace

Preprocessing::Preprocessing(torch::nn::Module& cell, const CellPlan& plan, bool affine,
                             const Backend& backend, const at::Generator& generator) {
  input0 = plan.previous_reduces
               ? nn::MakeFactorizedReduce(plan.input0_channels, plan.channels, affine, backend,
                                          generator)
               : Pointwise(plan.input0_channels, plan, affine, backend, generator);
  input1 = Pointwise(plan.input1_channels, plan, affine, backend, generator);
  cell.register_module("preprocess0", input0);
  cell.register_module("preprocess1", input1);
}

}  // namespace pdarts::darts
