// Times each fused operation and the same computation with the reference kernels, in the forward
// pass and both backward passes.
//
//   bazel run //benchmarks/kernels -- --benchmark_filter=sep
//
// The names have the form: operation / shape / what is computed / instruction set. The instruction
// set of the reference kernels is called "reference". "alphas" computes only the gradients of the
// input, as in the step that trains the alphas. "weights" also computes the gradients of the
// weights. The time of a backward pass includes its forward pass.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/TensorOperators.h"
#include "ATen/ops/randn.h"
#include "benchmark/benchmark.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/random.h"
#include "pdarts/nn/kernels/convolution.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "pdarts/nn/kernels/node_sum.h"
#include "pdarts/nn/kernels/pooling.h"
#include "pdarts/nn/kernels/test_convolutions.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nn {
namespace {

constexpr int64_t kImages = 32;

/// Channels and side of the three resolutions of the DARTS space with C = 16.
struct Shape {
  int64_t channels, side;
};
constexpr Shape kShapes[] = {{16, 32}, {32, 16}, {64, 8}};

at::Tensor Random(at::IntArrayRef sizes) { return at::randn(sizes, MakeGenerator(1, "benchmark")); }

using Inputs = std::vector<at::Tensor>;
using Function = std::function<at::Tensor(const Backend&, const Inputs&)>;

struct Operation {
  std::string name;
  /// The inputs for a shape. The first `activations` of them are activations, and the others are
  /// weights.
  std::function<Inputs(const Shape&)> inputs;
  size_t activations;
  std::function<Function(const Shape&)> function;
};

enum class What { kForward, kAlphas, kWeights };

void Measure(benchmark::State& state, const Operation& operation, const Shape& shape, What what,
             const Backend& backend) {
  Inputs inputs = operation.inputs(shape);
  Inputs wanted;
  for (size_t i = 0; i < inputs.size(); ++i) {
    // The fused loops work on channels-last values. The reference kernels use LibTorch's default
    // memory format.
    if (backend.channels_last() && inputs[i].dim() == 4 && i < operation.activations) {
      inputs[i] = inputs[i].contiguous(at::MemoryFormat::ChannelsLast);
    }
    const bool wants =
        what == What::kWeights || (what == What::kAlphas && i < operation.activations);
    inputs[i].set_requires_grad(wants);
    if (wants) wanted.push_back(inputs[i]);
  }
  const Function f = operation.function(shape);
  at::Tensor gradient;
  for (auto _ : state) {
    const at::Tensor y = f(backend, inputs);
    if (what == What::kForward) {
      benchmark::DoNotOptimize(y.const_data_ptr());
      continue;
    }
    if (!gradient.defined()) gradient = Random(y.sizes()).to(y.options()).expand_as(y).clone();
    benchmark::DoNotOptimize(torch::autograd::grad({y}, wanted, {gradient}));
  }
  state.SetItemsProcessed(state.iterations() * kImages);
}

BatchNormArgs BatchNorm(int64_t) { return {}; }

/// length: of the chain, in ReLU-conv-BNs.
Operation Separable(const std::string& name, int64_t k, int64_t dilation, int length) {
  Operation operation;
  operation.name = name;
  operation.activations = 1;
  operation.inputs = [=](const Shape& s) {
    Inputs inputs = {Random({kImages, s.channels, s.side, s.side})};
    for (int r = 0; r < length; ++r) {
      inputs.push_back(Random({s.channels, 1, k, k}));
      inputs.push_back(Random({s.channels, s.channels, 1, 1}));
    }
    return inputs;
  };
  operation.function = [=](const Shape& s) -> Function {
    return [=](const Backend& backend, const Inputs& t) {
      at::Tensor x = Convolve(backend, t[0], SeparableConvolution(t[1], t[2], 1, dilation));
      if (length == 2) {
        x = Convolve(backend, x, SeparableConvolution(t[3], t[4], 1, dilation),
                     BatchNorm(s.channels));
      }
      return x;
    };
  };
  return operation;
}

Operation Pool(const std::string& name, bool max) {
  return {name,
          [](const Shape& s) {
            return Inputs{Random({kImages, s.channels, s.side, s.side})};
          },
          1,
          [=](const Shape&) -> Function {
            return [=](const Backend& backend, const Inputs& t) {
              return max ? MaxPool3x3(backend, t[0], 1) : AveragePool3x3(backend, t[0], 1);
            };
          }};
}

/// A node with 12 normalized terms and two identities: two edges with all the candidates.
Operation Node() {
  Operation operation;
  operation.name = "node_sum";
  operation.activations = 15;
  operation.inputs = [](const Shape& s) {
    Inputs inputs = {Random({14})};
    for (int i = 0; i < 14; ++i) inputs.push_back(Random({kImages, s.channels, s.side, s.side}));
    return inputs;
  };
  operation.function = [](const Shape& s) -> Function {
    return [=](const Backend& backend, const Inputs& t) {
      std::vector<NodeTerm> terms(14);
      for (int i = 0; i < 14; ++i) {
        terms[i].value = t[i + 1];
        if (i < 12) terms[i].batch_norm = BatchNorm(s.channels);
      }
      return NodeSum(backend, terms, t[0]);
    };
  };
  return operation;
}

/// A normal cell of the DARTS space with all its candidates.
Operation Cell() {
  struct Kind {
    std::string name;
    int64_t k, dilation;
    int length;  ///< of the chain, in ReLU-conv-BNs
  };
  static const std::vector<Kind> kinds = {
      {"sep3", 3, 1, 2}, {"sep5", 5, 1, 2}, {"dil3", 3, 2, 1}, {"dil5", 5, 2, 1}};
  Operation operation;
  operation.name = "mixed_cell";
  operation.activations = 3;
  operation.inputs = [](const Shape& s) {
    Inputs inputs = {Random({int64_t{14} * 8}).softmax(0),
                     Random({kImages, s.channels, s.side, s.side}),
                     Random({kImages, s.channels, s.side, s.side})};
    for (int e = 0; e < 14; ++e) {
      for (const Kind& kind : kinds) {
        for (int r = 0; r < kind.length; ++r) {
          inputs.push_back(Random({s.channels, 1, kind.k, kind.k}));
          inputs.push_back(Random({s.channels, s.channels, 1, 1}));
        }
      }
    }
    return inputs;
  };
  operation.function = [](const Shape& s) -> Function {
    return [=](const Backend& backend, const Inputs& t) {
      MixedCellArgs cell;
      cell.num_inputs = 2;
      cell.num_nodes = 6;
      cell.output_nodes = {2, 3, 4, 5};
      cell.channels = s.channels;
      cell.height = cell.width = s.side;
      size_t next = 3;
      int64_t e = 0;
      for (int to = 2; to < 6; ++to) {
        for (int from = 0; from < to; ++from, ++e) {
          CellEdge edge{from, to, {}};
          edge.operations.resize(7);
          for (int i = 0; i < 7; ++i) edge.operations[i].coefficient = e * 8 + 1 + i;
          edge.operations[0].kind = CellOperation::Kind::kMaxPool;
          edge.operations[1].kind = CellOperation::Kind::kAveragePool;
          for (int i = 0; i < 2; ++i) edge.operations[i].batch_norm = BatchNorm(s.channels);
          for (size_t i = 0; i < kinds.size(); ++i) {
            CellOperation& operation = edge.operations[3 + i];
            operation.kind = CellOperation::Kind::kConvolution;
            for (int r = 0; r < kinds[i].length; ++r) {
              operation.chain.push_back(
                  {SeparableConvolution(t[next], t[next + 1], 1, kinds[i].dilation),
                   BatchNorm(s.channels)});
              next += 2;
            }
          }
          cell.edges.push_back(edge);
        }
      }
      return MixedCell(backend, cell, {t[1], t[2]}, t[0]);
    };
  };
  return operation;
}

/// Each instruction set that this processor supports, and the reference kernels, by name.
std::vector<std::pair<std::string, Backend>> Backends() {
  std::vector<std::pair<std::string, Backend>> backends;
  for (const InstructionSet instructions : RunnableInstructionSets()) {
    Backend fused;
    fused.instructions = instructions;
    backends.emplace_back(InstructionSetName(instructions), fused);
  }
  Backend reference;
  reference.kernels = REFERENCE;
  backends.emplace_back("reference", reference);
  return backends;
}

void RegisterAll() {
  std::vector<Operation> operations = {Separable("dil_conv_3x3", 3, 2, 1),
                                       Separable("dil_conv_5x5", 5, 2, 1),
                                       Separable("sep_conv_3x3", 3, 1, 2),
                                       Separable("sep_conv_5x5", 5, 1, 2),
                                       Pool("max_pool_3x3", true),
                                       Pool("avg_pool_3x3", false),
                                       Node(),
                                       Cell()};
  operations.push_back({"relu_conv_1x1",
                        [](const Shape& s) {
                          return Inputs{Random({kImages, 4 * s.channels, s.side, s.side}),
                                        Random({s.channels, 4 * s.channels, 1, 1})};
                        },
                        1,
                        [](const Shape&) -> Function {
                          return [](const Backend& backend, const Inputs& t) {
                            return Convolve(backend, t[0], PointwiseConvolution(t[1]));
                          };
                        }});
  operations.push_back({"relu_conv_3x3",
                        [](const Shape& s) {
                          return Inputs{Random({kImages, s.channels, s.side, s.side}),
                                        Random({s.channels, s.channels, 3, 3})};
                        },
                        1,
                        [](const Shape&) -> Function {
                          return [](const Backend& backend, const Inputs& t) {
                            return Convolve(backend, t[0], DenseConvolution(t[1]));
                          };
                        }});
  operations.push_back({"factorized_reduce",
                        [](const Shape& s) {
                          return Inputs{Random({kImages, s.channels, s.side, s.side}),
                                        Random({s.channels / 2, s.channels, 1, 1}),
                                        Random({s.channels / 2, s.channels, 1, 1})};
                        },
                        1,
                        [](const Shape&) -> Function {
                          return [](const Backend& backend, const Inputs& t) {
                            return Convolve(backend, t[0], FactorizedReduction(t[1], t[2]));
                          };
                        }});
  for (const Operation& operation : operations) {
    for (const Shape& shape : kShapes) {
      for (const auto& [what, what_name] :
           {std::make_pair(What::kForward, "forward"), std::make_pair(What::kAlphas, "alphas"),
            std::make_pair(What::kWeights, "weights")}) {
        for (const auto& [backend_name, backend] : Backends()) {
          const std::string name = operation.name + "/" + std::to_string(shape.channels) + "x" +
                                   std::to_string(shape.side) + "/" + what_name + "/" +
                                   backend_name;
          benchmark::RegisterBenchmark(
              name.c_str(),
              [=, what = what, backend = backend](benchmark::State& state) {
                Measure(state, operation, shape, what, backend);
              })
              ->Unit(benchmark::kMillisecond)
              ->UseRealTime();
        }
      }
    }
  }
}

}  // namespace
}  // namespace pdarts::nn

int main(int argc, char** argv) {
  pdarts::nn::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("threads", std::to_string(at::get_num_threads()));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
