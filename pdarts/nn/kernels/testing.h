#ifndef PDARTS_NN_KERNELS_TESTING_H_
#define PDARTS_NN_KERNELS_TESTING_H_

#include <functional>
#include <string>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/TensorOperators.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/random.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::nn {

/// Runs a test with each instruction set that this processor can run, in float32 and float64; the
/// oracle is the composition in float64.
struct KernelTestCase {
  InstructionSet instructions;
  at::ScalarType dtype;
};

inline std::vector<KernelTestCase> KernelTestCases() {
  std::vector<KernelTestCase> cases;
  for (const InstructionSet instructions : RunnableInstructionSets()) {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
      cases.push_back({instructions, dtype});
    }
  }
  return cases;
}

inline std::string KernelTestName(const testing::TestParamInfo<KernelTestCase>& info) {
  return std::string(InstructionSetName(info.param.instructions)) +
         (info.param.dtype == at::kFloat ? "Float" : "Double");
}

class KernelTest : public testing::TestWithParam<KernelTestCase> {
 protected:
  /// A function of tensors, told what computes it.
  using Function = std::function<at::Tensor(const Backend&, const std::vector<at::Tensor>&)>;

  KernelTest() : threads_(at::get_num_threads()) { at::set_num_threads(2); }
  ~KernelTest() override { at::set_num_threads(threads_); }

  /// The loops under test.
  static Backend Fused() {
    Backend backend;
    backend.instructions = GetParam().instructions;
    backend.parameters = backend.storage = GetParam().dtype;
    return backend;
  }

  /// The composition, which is the oracle.
  static Backend Reference(at::ScalarType dtype) {
    Backend backend;
    backend.kernels = REFERENCE;
    backend.parameters = backend.storage = dtype;
    return backend;
  }

  /// Standard normal, float64 but exact in the dtype under test.
  at::Tensor Random(at::IntArrayRef sizes) {
    return at::randn(sizes, generator_, at::kDouble).to(GetParam().dtype).to(at::kDouble);
  }

  /// Relative to the largest element of what is compared.
  double tolerance() const { return GetParam().dtype == at::kFloat ? 3e-5 : 1e-11; }

  void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, const std::string& what,
                   double slack = 1) {
    ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
    EXPECT_EQ(actual.scalar_type(), GetParam().dtype) << what;
    if (actual.numel() == 0) return;
    const at::Tensor a = actual.detach().to(at::kDouble), e = expected.detach().to(at::kDouble);
    const double scale = std::max(1.0, e.abs().max().item<double>());
    const double difference = (a - e).abs().max().item<double>();
    EXPECT_LE(difference, slack * tolerance() * scale) << what;
  }

  struct Outcome {
    at::Tensor value;
    std::vector<at::Tensor> gradients;
  };

  /// The value, and the gradients of all inputs for a given gradient of the value.
  Outcome Run(const Backend& backend, const Function& f, const std::vector<at::Tensor>& inputs) {
    const at::ScalarType dtype = backend.storage;
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& input : inputs) {
      leaves.push_back(input.to(dtype).detach().clone().requires_grad_());
    }
    Outcome outcome;
    outcome.value = f(backend, leaves);
    const at::Tensor g = at::randn(outcome.value.sizes(), MakeGenerator(7, "gradient"), at::kDouble)
                             .to(GetParam().dtype)
                             .to(dtype);
    outcome.gradients = torch::autograd::grad({outcome.value}, leaves, {g}, std::nullopt,
                                              /*create_graph=*/false, /*allow_unused=*/true);
    // Undefined: no way to the value, so zero.
    for (size_t i = 0; i < leaves.size(); ++i) {
      at::Tensor& gradient = outcome.gradients[i];
      if (!gradient.defined()) gradient = at::zeros(leaves[i].sizes(), leaves[i].options());
    }
    return outcome;
  }

  /// f with the loops in the dtype under test against f as a composition in float64.
  void ExpectSame(const Function& f, const std::vector<at::Tensor>& inputs, const std::string& what,
                  double slack = 1) {
    const Outcome expected = Run(Reference(at::kDouble), f, inputs);
    const Outcome actual = Run(Fused(), f, inputs);
    ExpectClose(actual.value, expected.value, what + ": value", slack);
    for (size_t i = 0; i < inputs.size(); ++i) {
      ExpectClose(actual.gradients[i], expected.gradients[i],
                  what + ": gradient " + std::to_string(i), slack);
    }
  }

 private:
  const int threads_;
  at::Generator generator_ = MakeGenerator(1, "kernel test");
};

#define PDARTS_INSTANTIATE_KERNEL_TEST(fixture)                                            \
  INSTANTIATE_TEST_SUITE_P(InstructionSets, fixture, testing::ValuesIn(KernelTestCases()), \
                           KernelTestName)

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_TESTING_H_
