#include "pdarts/trainers/super_net_comparison.h"

#include <algorithm>
#include <cstddef>

#include "ATen/TensorOperators.h"
#include "gtest/gtest.h"
#include "pdarts/core/super_net.h"

namespace pdarts {

void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  const double scale = std::max(1.0, expected.abs().max().item<double>());
  EXPECT_LT((actual - expected).abs().max().item<double>() / scale, 1e-9) << what;
}

void ExpectSameGradients(SuperNet& actual, SuperNet& expected, const GradientRequest& request) {
  const GradientResult a = ComputeGradients(actual, request),
                       b = ComputeGradients(expected, request);
  ExpectClose(a.loss, b.loss, "loss");
  ExpectClose(a.logits, b.logits, "logits");
  ASSERT_EQ(a.weights.size(), b.weights.size());
  ASSERT_EQ(a.alphas.size(), b.alphas.size());
  for (size_t i = 0; i < a.alphas.size(); ++i) ExpectClose(a.alphas[i], b.alphas[i], "alphas");
  for (size_t i = 0; i < a.weights.size(); ++i) {
    ExpectClose(a.weights[i], b.weights[i], "weight " + std::to_string(i));
  }
  for (const auto& entry : expected.named_buffers()) {
    ExpectClose(actual.named_buffers()[entry.key()], entry.value(), entry.key());
  }
}

}  // namespace pdarts
