#ifndef PDARTS_NN_KERNELS_TESTING_H_
#define PDARTS_NN_KERNELS_TESTING_H_

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/random.h"
#include "pdarts/nn/kernels/loops.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nn {

/// Runs a test with each instruction set that this processor can run, in float32, float64 and
/// bfloat16. The expected values come from the composition in float64, and for bfloat16 also from
/// the composition in bfloat16.
struct KernelTestCase {
  InstructionSet instructions;
  at::ScalarType storage;  ///< of activations
  Kernels kernels = FUSED;
  at::ScalarType parameters() const { return storage == at::kDouble ? at::kDouble : at::kFloat; }
};

inline std::vector<KernelTestCase> KernelTestCases() {
  std::vector<KernelTestCase> cases;
  for (const InstructionSet instructions : RunnableInstructionSets()) {
    for (const at::ScalarType storage : {at::kFloat, at::kDouble, at::kBFloat16}) {
      cases.push_back({instructions, storage});
    }
  }
  return cases;
}

/// The same cases for the grouped operators, which do not depend on the instruction set.
inline std::vector<KernelTestCase> GroupedTestCases() {
  std::vector<KernelTestCase> cases;
  for (const at::ScalarType storage : {at::kFloat, at::kDouble, at::kBFloat16}) {
    cases.push_back({InstructionSet::kPortable, storage, GROUPED});
  }
  return cases;
}

inline std::string KernelTestName(const testing::TestParamInfo<KernelTestCase>& info) {
  return std::string(info.param.kernels == GROUPED ? "grouped"
                                                   : InstructionSetName(info.param.instructions)) +
         (info.param.storage == at::kFloat    ? "Float"
          : info.param.storage == at::kDouble ? "Double"
                                              : "Bfloat16");
}

class KernelTest : public testing::TestWithParam<KernelTestCase> {
 protected:
  /// A function of tensors that is computed with a backend.
  using Function = std::function<at::Tensor(const Backend&, const std::vector<at::Tensor>&)>;

  KernelTest() : threads_(at::get_num_threads()) { at::set_num_threads(2); }
  ~KernelTest() override { at::set_num_threads(threads_); }

  /// `function` with more threads than images for the tested kernels, so that images are divided.
  /// The composition only gives the expected values. With more threads than cores, it would take
  /// much longer. The numbers of threads stay until the end of the test.
  static Function WithManyThreads(Function function) {
    return [function = std::move(function)](const Backend& backend,
                                            const std::vector<at::Tensor>& tensors) {
      at::set_num_threads(backend.kernels == REFERENCE ? 2 : 8);
      return function(backend, tensors);
    };
  }

  /// The loops or the grouped operators that are tested.
  static Backend Fused() {
    Backend backend;
    backend.kernels = GetParam().kernels;
    backend.instructions = GetParam().instructions;
    backend.parameters = GetParam().parameters();
    backend.storage = GetParam().storage;
    return backend;
  }

  /// The composition, which gives the expected values.
  static Backend Reference(at::ScalarType storage) {
    Backend backend;
    backend.kernels = REFERENCE;
    backend.parameters = storage == at::kDouble ? at::kDouble : at::kFloat;
    backend.storage = storage;
    return backend;
  }

  static bool is_bfloat16() { return GetParam().storage == at::kBFloat16; }

  /// Numbers of the standard normal distribution in float64 that the tested storage type can
  /// represent exactly.
  at::Tensor Random(at::IntArrayRef sizes) {
    return at::randn(sizes, generator_, at::kDouble).to(GetParam().storage).to(at::kDouble);
  }

  /// Sets which inputs of a function are activations; the others are parameters. The default is
  /// input 0.
  void set_activations(std::set<size_t> inputs) { activations_ = std::move(inputs); }

  /// For a function that amplifies roundings: in bfloat16, the bounds apply to the gradients of all
  /// activations together, and to the gradients of all parameters together. By default, they apply
  /// to each gradient.
  void set_together() { together_ = true; }

  /// For a function in which bfloat16 values can be exactly at the zero of a ReLU: one element may
  /// differ by the value of the greatest element.
  void set_has_edges() { has_edges_ = true; }

  /// For functions that take long and that their name in ExpectSame determines: the results of the
  /// composition are kept for the tests with the other instruction sets.
  void set_keeps_expected() { keeps_expected_ = true; }

  /// The inputs in their types in the test.
  std::vector<at::Tensor> Typed(const std::vector<at::Tensor>& inputs) const {
    return Typed(inputs, Fused());
  }
  /// The same, as tensors whose gradients are computed.
  std::vector<at::Tensor> Leaves(const std::vector<at::Tensor>& inputs) const {
    std::vector<at::Tensor> leaves = Typed(inputs);
    for (at::Tensor& leaf : leaves) leaf = leaf.detach().clone().requires_grad_();
    return leaves;
  }

  /// The tolerance relative to the largest element of the compared tensors.
  static double tolerance() { return GetParam().storage == at::kFloat ? 3e-5 : 1e-11; }

  static void ExpectClose(const at::Tensor& actual, const at::Tensor& expected,
                          const std::string& what, double slack = 1) {
    ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
    if (actual.numel() == 0) return;
    const at::Tensor a = actual.detach().to(at::kDouble), e = expected.detach().to(at::kDouble);
    const double scale = std::max(1.0, e.abs().max().item<double>());
    const double difference = (a - e).abs().max().item<double>();
    EXPECT_LE(difference, slack * tolerance() * scale) << what;
  }

  /// The norm of a tensor, or of a difference. A rounding at the zero of a ReLU or between two
  /// maxima changes single elements completely, so the greatest difference is not a good measure.
  static double Norm(const at::Tensor& x) {
    return x.detach().to(at::kDouble).norm().item<double>();
  }
  static double Distance(const at::Tensor& a, const at::Tensor& b) {
    return Norm(a.detach().to(at::kDouble) - b.detach().to(at::kDouble));
  }

  struct Outcome {
    at::Tensor value;
    std::vector<at::Tensor> gradients;
  };

  /// The value of the function, and the gradients of all inputs for a given gradient of the value.
  Outcome Run(const Backend& backend, const Function& f, const std::vector<at::Tensor>& inputs) {
    std::vector<at::Tensor> leaves = Typed(inputs, backend);
    for (at::Tensor& leaf : leaves) leaf = leaf.detach().clone().requires_grad_();
    Outcome outcome;
    outcome.value = f(backend, leaves);
    const at::Tensor g = at::randn(outcome.value.sizes(), MakeGenerator(7, "gradient"), at::kDouble)
                             .to(GetParam().storage)
                             .to(backend.storage);
    outcome.gradients = torch::autograd::grad({outcome.value}, leaves, {g}, std::nullopt,
                                              /*create_graph=*/false, /*allow_unused=*/true);
    // An undefined gradient means that the value does not depend on the input, so it is zero.
    for (size_t i = 0; i < leaves.size(); ++i) {
      at::Tensor& gradient = outcome.gradients[i];
      if (!gradient.defined()) gradient = at::zeros(leaves[i].sizes(), leaves[i].options());
    }
    return outcome;
  }

  /// Compares f with the loops and f as a composition in float64. In bfloat16, also with the
  /// composition with the same roundings (see ExpectSameRoundings).
  void ExpectSame(const Function& f, const std::vector<at::Tensor>& inputs, const std::string& what,
                  double slack = 1) {
    const Outcome expected = Expected(at::kDouble, f, inputs, what);
    const Outcome actual = Run(Fused(), f, inputs);
    EXPECT_EQ(actual.value.scalar_type(), GetParam().storage) << what;
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_EQ(actual.gradients[i].scalar_type(),
                activations_.count(i) > 0 ? GetParam().storage : GetParam().parameters())
          << what << ": gradient " << i;
    }
    if (is_bfloat16()) {
      const Outcome rounded = Expected(at::kBFloat16, f, inputs, what);
      ExpectSameRoundings(actual.value, rounded.value, expected.value, what + ": value");
      if (together_) {
        for (const bool activations : {true, false}) {
          ExpectSameRoundings(AllGradients(actual, activations), AllGradients(rounded, activations),
                              AllGradients(expected, activations),
                              what + (activations ? ": activations'" : ": parameters'"));
        }
        return;
      }
      for (size_t i = 0; i < inputs.size(); ++i) {
        ExpectSameRoundings(actual.gradients[i], rounded.gradients[i], expected.gradients[i],
                            what + ": gradient " + std::to_string(i));
      }
      return;
    }
    ExpectClose(actual.value, expected.value, what + ": value", slack);
    for (size_t i = 0; i < inputs.size(); ++i) {
      ExpectClose(actual.gradients[i], expected.gradients[i],
                  what + ": gradient " + std::to_string(i), slack);
    }
  }

 private:
  /// The share of the norm by which loops with the same roundings may differ from the composition.
  static constexpr double kBfloat16Bound = 0.01;
  /// The share for all gradients of a cell together. The order of the composition's additions
  /// depends on the processor. A sum near the limit of a rounding or the zero of a ReLU changes all
  /// values that depend on it.
  static constexpr double kCellBound = 0.1;
  /// The allowed distance of the loops from float64, as a multiple of the composition's distance,
  /// in addition to that share. If values are rounded in the other direction, the result changes as
  /// much as by other roundings.
  static constexpr double kRoundings = 4;
  /// The largest bound for a cell, as a share of the norm. Zeros instead of the values of a cell,
  /// or of its gradients, have a distance of 1.
  static constexpr double kLargestBound = 0.5;

  /// The results of the composition with a storage type.
  Outcome Expected(at::ScalarType storage, const Function& f, const std::vector<at::Tensor>& inputs,
                   const std::string& what) {
    if (!keeps_expected_) return Run(Reference(storage), f, inputs);
    struct Kept {
      std::vector<at::Tensor> inputs;
      Outcome outcome;
    };
    // The type of the test is in the key, because the gradient of the value is rounded to it.
    using Key = std::tuple<std::string, at::ScalarType, at::ScalarType>;
    static auto* const all = new std::map<Key, Kept>;
    Kept& kept = (*all)[Key(what, GetParam().storage, storage)];
    const bool is_known =
        std::equal(inputs.begin(), inputs.end(), kept.inputs.begin(), kept.inputs.end(),
                   [](const at::Tensor& a, const at::Tensor& b) { return a.equal(b); });
    if (!is_known) kept = {inputs, Run(Reference(storage), f, inputs)};
    return kept.outcome;
  }

  at::Tensor AllGradients(const Outcome& outcome, bool activations) const {
    std::vector<at::Tensor> all;
    for (size_t i = 0; i < outcome.gradients.size(); ++i) {
      if ((activations_.count(i) > 0) != activations) continue;
      all.push_back(outcome.gradients[i].detach().to(at::kDouble).flatten());
    }
    return at::cat(all);
  }

  /// Distance without the elements with the largest differences: 1% of all elements, and at least
  /// two. A value near the zero of a ReLU changes single elements of a gradient completely.
  static double DistanceWithoutEdges(const at::Tensor& a, const at::Tensor& b) {
    const at::Tensor differences =
        (a.detach().to(at::kDouble) - b.detach().to(at::kDouble)).abs().flatten();
    const int64_t edges = std::max<int64_t>(2, differences.numel() / 100);
    if (differences.numel() <= edges) return 0;
    return Norm(std::get<0>(differences.sort()).narrow(0, 0, differences.numel() - edges));
  }

  /// rounded, exact: results of the composition in bfloat16 and in float64.
  void ExpectSameRoundings(const at::Tensor& actual, const at::Tensor& rounded,
                           const at::Tensor& exact, const std::string& what) const {
    ASSERT_EQ(actual.sizes(), exact.sizes()) << what;
    const double norm = Norm(exact), rounding = Distance(rounded, exact);
    const double edge = has_edges_ && exact.numel() > 0 ? exact.abs().max().item<double>() : 0;
    // A gradient of zero is the sum of numbers that cancel each other; grouped operators round
    // these numbers.
    const double zero = GetParam().kernels == GROUPED ? 1e-4 : 1e-6;
    const double bound = kBfloat16Bound * norm + kRoundings * rounding + edge + zero;
    // The other functions have gradients that are zero, or of a few elements.
    if (together_) {
      EXPECT_LT(bound, kLargestBound * norm)
          << what << ": the roundings of the composition in bfloat16 change "
          << 100 * rounding / norm
          << "% of the norm. With this bound, the test hardly sees a wrong result, and a larger "
             "bound would accept zeros: choose numbers that amplify the roundings less";
    }
    EXPECT_LE(Distance(actual, exact), bound) << what << ", against float64, norm " << norm;
    EXPECT_LE(Distance(actual, rounded), bound) << what << ", in bfloat16, norm " << norm;
    // Loops that multiply pairs round everything that the composition rounds. Grouped operators
    // round more.
    if (GetParam().kernels == GROUPED) return;
    if (!Loops<Bfloat16>(GetParam().instructions).multiplies_pairs || rounding > norm / 10) return;
    const double same = together_ ? kCellBound * norm : kBfloat16Bound * norm;
    EXPECT_LE(together_ ? Distance(actual, rounded) : DistanceWithoutEdges(actual, rounded),
              same + 1e-6)
        << what << ", same roundings, norm " << norm;
  }

  std::vector<at::Tensor> Typed(const std::vector<at::Tensor>& inputs,
                                const Backend& backend) const {
    std::vector<at::Tensor> typed;
    for (size_t i = 0; i < inputs.size(); ++i) {
      typed.push_back(
          inputs[i].to(activations_.count(i) > 0 ? backend.storage : backend.parameters));
    }
    return typed;
  }

  std::set<size_t> activations_ = {0};
  bool together_ = false;
  bool has_edges_ = false;
  bool keeps_expected_ = false;
  const int threads_;
  at::Generator generator_ = MakeGenerator(1, "kernel test");
};

#define PDARTS_INSTANTIATE_KERNEL_TEST(fixture)                                            \
  INSTANTIATE_TEST_SUITE_P(InstructionSets, fixture, testing::ValuesIn(KernelTestCases()), \
                           KernelTestName)

#define PDARTS_INSTANTIATE_GROUPED_TEST(fixture) \
  INSTANTIATE_TEST_SUITE_P(Grouped, fixture, testing::ValuesIn(GroupedTestCases()), KernelTestName)

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_TESTING_H_
