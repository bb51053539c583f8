#include "tests/device/parity_checks.h"

#include <cmath>
#include <limits>
#include <set>

#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"

namespace pdarts::parity {
namespace {

TEST(Comparison, MeasuresByTheLargestExpectedNumber) {
  Comparison comparison;
  comparison.Add("first", at::tensor({1.0, 4.0}), at::tensor({1.0, 4.0}));
  EXPECT_EQ(comparison.largest(), 0);
  EXPECT_EQ(comparison.where(), "first");
  comparison.Add("second", at::tensor({1.5, 4.0}), at::tensor({1.0, 4.0}));
  comparison.Add("third", at::tensor({1.0f, 4.0f}), at::tensor({1.0, 4.0}));
  EXPECT_DOUBLE_EQ(comparison.largest(), 0.125);
  EXPECT_EQ(comparison.where(), "second");
  EXPECT_EQ(comparison.compared(), 3);
}

TEST(Comparison, MeasuresRoundingNoiseByTheOtherTensors) {
  const std::map<std::string, at::Tensor> expected = {{"a", at::tensor({1000.0})},
                                                      {"b", at::tensor({1e-18})}};
  const std::map<std::string, at::Tensor> actual = {{"a", at::tensor({1000.0})},
                                                    {"b", at::tensor({3e-18})}};
  Comparison by_share, by_itself;
  by_share.AddAll("", actual, expected, /*share=*/1e-3);
  EXPECT_LT(by_share.largest(), 1e-17);
  by_itself.AddAll("gradient of ", actual, expected);
  EXPECT_DOUBLE_EQ(by_itself.largest(), 2);
  EXPECT_EQ(by_itself.where(), "gradient of b");
}

TEST(Comparison, WhatCannotBeComparedDeviatesInfinitely) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const at::Tensor expected = at::ones({2});
  for (const at::Tensor& wrong :
       {at::Tensor(), at::ones({3}), at::ones({1, 2}), at::full({2}, nan)}) {
    Comparison comparison;
    comparison.Add("a", wrong, expected);
    EXPECT_TRUE(std::isinf(comparison.largest()));
  }
  Comparison missing;
  missing.AddAll("", {}, {{"a", expected}});
  EXPECT_TRUE(std::isinf(missing.largest()));
}

TEST(RunCheck, TellsWhatWentWrong) {
  const CheckResult thrown = RunCheck(
      {"thrown", 1, [](Comparison*) -> absl::Status { TORCH_CHECK(false, "no \"kernel\""); }});
  EXPECT_FALSE(thrown.passed());
  EXPECT_TRUE(absl::StrContains(thrown.error, "no \"kernel\"")) << thrown.error;
  EXPECT_TRUE(absl::StrContains(JsonLine(thrown), R"(\"kernel\")")) << JsonLine(thrown);

  const CheckResult returned =
      RunCheck({"returned", 1, [](Comparison*) { return absl::NotFoundError("no file"); }});
  EXPECT_EQ(returned.error, "no file");

  const CheckResult nothing =
      RunCheck({"nothing", 1, [](Comparison*) { return absl::OkStatus(); }});
  EXPECT_FALSE(nothing.passed()) << "passed without a comparison";

  const CheckResult infinite = RunCheck({"infinite", 1, [](Comparison* comparison) {
                                           comparison->Add("a", at::Tensor(), at::ones({1}));
                                           return absl::OkStatus();
                                         }});
  EXPECT_FALSE(infinite.passed());
  EXPECT_TRUE(absl::StrContains(JsonLine(infinite), "\"deviation\": null")) << JsonLine(infinite);

  const ParityCheck third = {"third", 0.4, [](Comparison* comparison) {
                               comparison->Add("a", at::full({1}, 4.0), at::full({1}, 3.0));
                               return absl::OkStatus();
                             }};
  EXPECT_TRUE(RunCheck(third).passed());
  EXPECT_FALSE(RunCheck({"third", 0.3, third.run}).passed());
  EXPECT_TRUE(absl::StrContains(JsonLine(RunCheck(third)), R"("passed": true, "deviation": 0.333)"))
      << JsonLine(RunCheck(third));
}

TEST(ParityChecks, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  int fixtures = 0;
  for (const ParityCheck& check : ParityChecks(c10::kCPU)) {
    EXPECT_TRUE(names.insert(check.name).second) << check.name;
    EXPECT_GT(check.tolerance, 0) << check.name;
    fixtures += absl::StartsWith(check.name, "fixture/") ? 1 : 0;
  }
  // 8 files in three variants, and 4 of them in bfloat16.
  EXPECT_EQ(fixtures, 8 * 3 + 4);
  EXPECT_EQ(names.count("fixture/pdarts_supernet_stage3/float64/fused"), 1u);
  EXPECT_EQ(names.count("operation/sep_conv_5x5/stride2/float32"), 1u);
  EXPECT_EQ(names.count("steps/nasbench201/float64/reference"), 1u);
  EXPECT_EQ(names.count("steps/darts/float32/recorded"), 1u);
}

/// The CPU agrees with itself and with the fixtures. The test of the kit runs all checks.
TEST(ParityChecks, PassOnTheCpu) {
  int run = 0;
  for (const ParityCheck& check : ParityChecks(c10::kCPU)) {
    if (!check.is_quick) continue;
    const CheckResult result = RunCheck(check);
    EXPECT_TRUE(result.passed()) << JsonLine(result);
    ++run;
  }
  EXPECT_GT(run, 45);
}

}  // namespace
}  // namespace pdarts::parity
