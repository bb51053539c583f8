// Searches on the counting device, which behaves like a GPU. Both spaces with every regularizer
// must derive the same architectures as on the CPU, and continue from states of each kind.

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/regularizer.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/runs/checkpoint.h"
#include "tests/batteries/make_spec.h"
#include "tests/batteries/tiny_search.h"

namespace pdarts {
namespace {

/// A space with all regularizers that can be used with it.
struct TestedSpace {
  const char* name;
  const char* text;
};

constexpr TestedSpace kSpaces[] = {
    {"darts", R"(
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
)"},
    {"nasbench201", R"(
space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
)"},
};

constexpr char kShared[] = R"(
name: "tiny"
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 3 height: 16 width: 16 train_images: 24 test_images: 6
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 4 epochs: 2 warmup_epochs: 1 keep: 3 }
    stages { cells: 2 channels: 4 epochs: 1 warmup_epochs: 0 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.2, 0.4] }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.EdgeDropPathConfig] { initial_rate: 0.1 final_rate: 0.3 }
}
regularizers { [type.googleapis.com/pdarts.regularizers.BetaDecayConfig] { initial_weight: 1 } }
regularizers {
  [type.googleapis.com/pdarts.regularizers.ProbabilityPenaltyConfig] { initial_weight: -1 }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.CostPenaltyConfig] { budget: 1 initial_weight: 0.5 }
}
search { batch_size: 6 evaluation_batch_size: 6 evaluated_epochs: 1 alpha_deviation: 0.1 }
)";

ExperimentSpec SpecOf(const TestedSpace& space, const std::vector<std::string>& settings) {
  return MakeSpec<ExperimentSpec>(absl::StrCat(kShared, space.text), settings);
}

/// Expects that both searches end with the same results, up to the rounding of float64.
void ExpectCloseEnd(const SearchOutcome& actual, const SearchOutcome& expected) {
  ASSERT_TRUE(actual.result.ok()) << actual.result.status();
  ASSERT_TRUE(expected.result.ok()) << expected.result.status();
  ASSERT_TRUE(actual.result->derivation.ok()) << actual.result->derivation.status();
  ASSERT_TRUE(expected.result->derivation.ok()) << expected.result->derivation.status();
  const auto close = [](const auto& a, const auto& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& item : a) {
      const at::Tensor one = item.value().detach().cpu().to(at::kDouble);
      const at::Tensor other = b[item.key()].detach().cpu().to(at::kDouble);
      EXPECT_TRUE(one.allclose(other, /*rtol=*/1e-8, /*atol=*/1e-9)) << item.key();
    }
  };
  close(actual.result->super_net->named_parameters(),
        expected.result->super_net->named_parameters());
  close(actual.result->super_net->named_buffers(), expected.result->super_net->named_buffers());
  EXPECT_EQ(actual.result->derivation->architecture.SerializeAsString(),
            expected.result->derivation->architecture.SerializeAsString());
  EXPECT_NEAR(actual.result->supernet.loss, expected.result->supernet.loss, 1e-8);
  EXPECT_EQ(actual.result->supernet.top1, expected.result->supernet.top1);
}

class CountingDeviceSearch : public ::testing::TestWithParam<TestedSpace> {};

TEST(CountingDevice, EveryRegularizerIsTested) {
  std::set<std::string> tested;
  for (const TestedSpace& space : kSpaces) {
    const ExperimentSpec spec = SpecOf(space, {});
    for (const auto& config : spec.regularizers()) {
      const std::string& url = config.type_url();
      tested.insert(
          PluginRegistry::Global().FindByConfig(url.substr(url.rfind('/') + 1))->short_name);
    }
  }
  for (const std::string& name : PluginRegistry::Global().Names(Regularizer::kKind)) {
    EXPECT_EQ(tested.count(name), 1u)
        << "the searches of this test do not have the regularizer " << name
        << "; add it to kShared, or to a space of kSpaces if it cannot be used with every space";
  }
}

TEST_P(CountingDeviceSearch, FindsWhatTheReferenceKernelsFindOnTheCpu) {
  for (const char* const gradients : {"FIRST_ORDER", "UNROLLED"}) {
    SCOPED_TRACE(gradients);
    const auto settings = [&](const std::string& kernels) {
      return std::vector<std::string>{"search.precision=FLOAT64",
                                      absl::StrCat("search.kernels=", kernels),
                                      absl::StrCat("search.alpha_gradients=", gradients)};
    };
    const SearchOutcome expected = Search(SpecOf(GetParam(), settings("REFERENCE")));
    // FUSED stands for the default kernels of a device. The two axes are independent, so unrolled
    // gradients, which take long, are computed with the default kernels only.
    std::vector<std::string> tested = {"FUSED"};
    if (gradients == std::string("FIRST_ORDER")) tested.push_back("REFERENCE");
    for (const std::string& kernels : tested) {
      SCOPED_TRACE(kernels);
      ResetCounters();
      const SearchOutcome actual =
          Search(SpecOf(GetParam(), settings(kernels)), nullptr, nullptr, CountingDevice());
      ExpectCloseEnd(actual, expected);
      EXPECT_EQ(actual.log.lines.size(), expected.log.lines.size());
      EXPECT_GT(Counters().operations, 1000);
      if (!actual.result.ok()) continue;
      for (const at::Tensor& parameter : actual.result->super_net->parameters()) {
        EXPECT_EQ(parameter.device(), CountingDevice());
      }
    }
  }
}

TEST_P(CountingDeviceSearch, ResumesFromItsStatesToTheSameEnd) {
  // Two steps and an end in each of three epochs. Every second state is, in turn, one after the
  // second step, one after the first step, and the end of an epoch, which is the end of a stage
  // too.
  EXPECT_EQ(
      ExpectSomeStatesResumeToTheSameEnd(SpecOf(GetParam(), {}), /*stride=*/2, CountingDevice()),
      9);
}

TEST_P(CountingDeviceSearch, ResumesOnAnotherDevice) {
  const ExperimentSpec spec =
      SpecOf(GetParam(), {"search.precision=FLOAT64", "search.kernels=REFERENCE"});
  const c10::Device devices[] = {c10::kCPU, CountingDevice()};
  for (const int first : {0, 1}) {
    SCOPED_TRACE(devices[first].str());
    StateKeeper keeper;
    const SearchOutcome whole = Search(spec, &keeper, nullptr, devices[first]);
    // The state after the first step of the second epoch. The rest of the search trains alphas,
    // removes candidates, and begins a stage.
    SCOPED_TRACE(keeper.places[3]);
    const Checkpoint checkpoint = DecodeCheckpoint(keeper.contents[3]).value();
    const SearchOutcome resumed = Search(spec, nullptr, &checkpoint.state, devices[1 - first]);
    EXPECT_EQ(resumed.log.resumed, 1);
    ExpectCloseEnd(resumed, whole);
  }
}

TEST_P(CountingDeviceSearch, RunsInBfloat16) {
  const SearchOutcome outcome =
      Search(SpecOf(GetParam(), {"search.precision=BFLOAT16"}), nullptr, nullptr, CountingDevice());
  ASSERT_TRUE(outcome.result.ok()) << outcome.result.status();
  EXPECT_TRUE(outcome.result->derivation.ok());
}

INSTANTIATE_TEST_SUITE_P(Spaces, CountingDeviceSearch, ::testing::ValuesIn(kSpaces),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace pdarts
