// Processes that search together take the same steps as one process, in float64 and with shares of
// different sizes: weights, alphas and running statistics agree.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/random.h"
#include "pdarts/core/super_net.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/search_step.h"
#include "tests/batteries/make_spec.h"
#include "tests/data_parallel/processes.h"

namespace pdarts {
namespace {

/// The padding is small, because between equal pixels, rounding decides which one a max pool
/// selects.
constexpr char kSearchSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 5 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 3 channels: 4 epochs: 1 warmup_epochs: 0 keep: 1 }
  }
}
search { batch_size: 7 precision: FLOAT64 augmentation { crop_padding: 1 } }
)";

constexpr char kNasBench201[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 5 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 1 channels: 4 epochs: 1 warmup_epochs: 0 keep: 1 }
  }
}
search { batch_size: 7 precision: FLOAT64 augmentation { crop_padding: 1 } }
)";

struct SearchCase {
  std::string name;
  const char* spec = kSearchSpec;
  std::vector<std::string> settings;
  double skip_dropout = 0;
  double edge_drop = 0;
  bool noise = false;    ///< a cell with noise is not computed in one pass
  bool penalty = false;  ///< the sum of the squares of the weights and the alphas
};

absl::StatusOr<std::shared_ptr<SuperNet>> MakeNet(const SearchCase& of,
                                                  const Experiment& experiment) {
  PDARTS_ASSIGN_OR_RETURN(Candidates candidates, experiment.space->InitialCandidates());
  // Each edge has few candidates, and different edges have different ones, so that the test is
  // short and every operation occurs.
  for (CellCandidates& cell : candidates) {
    for (size_t e = 0; e < cell.size(); ++e) {
      const EdgeCandidates all = cell[e];
      cell[e] = {all[e % all.size()], all[(e + 2) % all.size()], all[(e + 4) % all.size()]};
      std::sort(cell[e].begin(), cell[e].end());
      if (of.noise) cell[e].push_back(all.back() + 1);
    }
  }
  PDARTS_ASSIGN_OR_RETURN(
      const std::shared_ptr<SuperNet> super_net,
      experiment.space->BuildSuperNet(candidates, experiment.StageSuperNetShape(0),
                                      MakeGenerator(1, "weights")));
  super_net->InitializeAlphas(0.1, MakeGenerator(1, "alphas"));
  super_net->to(experiment.backend.parameters);
  PDARTS_RETURN_IF_ERROR(super_net->SetKnob(kSkipDropoutKnob, of.skip_dropout));
  PDARTS_RETURN_IF_ERROR(super_net->SetKnob(kEdgeDropPathKnob, of.edge_drop));
  return super_net;
}

absl::StatusOr<Tensors> Search(const SearchCase& of, int steps, Communicator& communicator) {
  ExperimentSpec spec;
  PDARTS_RETURN_IF_ERROR(MakeSpec(of.spec, of.settings, &spec));
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeExperiment(spec));
  const SearchSettings& settings = experiment.spec.search();
  const at::ScalarType dtype = experiment.backend.parameters;
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, experiment.dataset->Load({}));
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms, Transforms::ForSearch(settings, data.info));
  PDARTS_ASSIGN_OR_RETURN(const auto weight_batches, MakeLoader(data, /*first_image=*/0, transforms,
                                                                "weights", dtype, communicator));
  PDARTS_ASSIGN_OR_RETURN(const auto alpha_batches, MakeLoader(data, kEpochImages, transforms,
                                                               "alphas", dtype, communicator));
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<SuperNet> super_net, MakeNet(of, experiment));
  SearchStep step(super_net, settings, /*seed=*/1, /*stage=*/0, communicator);
  if (of.penalty) {
    step.set_penalty([&](GradientOf gradient) {
      at::Tensor sum;
      for (const at::Tensor& parameter :
           gradient == GradientOf::kWeights ? super_net->weights() : super_net->alphas()) {
        const at::Tensor squares = parameter.square().sum();
        sum = sum.defined() ? sum + squares : squares;
      }
      return sum;
    });
  }
  Meter meter;
  double first_loss = 0;
  for (int i = 0; i < steps; ++i) {
    PDARTS_ASSIGN_OR_RETURN(const Batch weights, weight_batches->Next());
    PDARTS_ASSIGN_OR_RETURN(const Batch alphas, alpha_batches->Next());
    PDARTS_ASSIGN_OR_RETURN(const GradientResult of_alphas,
                            step.TrainAlphas(weights, alphas, 0.025));
    AddScore(of_alphas, alphas.labels, &meter);
    if (i == 0) first_loss = meter.Mean().loss;
    PDARTS_ASSIGN_OR_RETURN(const GradientResult of_weights, step.TrainWeights(weights, 0.025));
    AddScore(of_weights, weights.labels, &meter);
  }
  Tensors end = StateOf(*super_net);
  const Accuracy mean = meter.Mean();
  end["first loss"] = Number(first_loss);
  end["mean loss"] = Number(mean.loss);
  end["top-1"] = Number(mean.top1);
  end["top-5"] = Number(mean.top5);
  return end;
}

class SearchStepsTest : public ::testing::TestWithParam<SearchCase> {};

TEST_P(SearchStepsTest, AreThoseOfOneProcess) {
  const bool unrolled = GetParam().name.find("Unrolled") != std::string::npos;
  const auto expect = [](int steps, double tolerance) {
    SCOPED_TRACE(absl::StrCat(steps, " steps"));
    ExpectProcessesAgree(tolerance, [steps](Communicator& communicator) {
      return CatchLibTorchErrors([&] { return Search(GetParam(), steps, communicator); });
    });
  };
  if (unrolled) {
    // A difference of gradients over a short distance magnifies rounding errors of the first step
    // already. A step takes as long as four others, so there are no more than the three steps of an
    // epoch, the last one with fewer images, and the first step of the next epoch.
    expect(4, 1e-6);
    return;
  }
  expect(1, 1e-10);
  expect(10, 1e-8);
}

TEST(SearchSteps, InFloat32TheFirstLossAgrees) {
  for (const std::string kernels : {"FUSED", "REFERENCE"}) {
    SearchCase of;
    of.settings = {"search.kernels=" + kernels, "search.precision=FLOAT32"};
    of.skip_dropout = 0.3;
    ExpectProcessesAgree(1e-5, [&](Communicator& communicator) -> absl::StatusOr<Tensors> {
      PDARTS_ASSIGN_OR_RETURN(
          Tensors end, CatchLibTorchErrors([&] { return Search(of, /*steps=*/1, communicator); }));
      return Tensors{{"first loss", end["first loss"]}};
    });
  }
}

std::vector<SearchCase> SearchCases() {
  std::vector<SearchCase> cases;
  for (const std::string kernels : {"FUSED", "REFERENCE"}) {
    const std::string setting = "search.kernels=" + kernels;
    const auto add = [&](const std::string& name, const char* spec,
                         std::vector<std::string> settings) -> SearchCase& {
      SearchCase& added = cases.emplace_back();
      added.name = name + kernels;
      added.spec = spec;
      added.settings = std::move(settings);
      added.settings.push_back(setting);
      return added;
    };
    SearchCase& darts = add("Darts", kSearchSpec, {});
    darts.skip_dropout = 0.3;
    darts.edge_drop = 0.2;
    darts.penalty = true;
    SearchCase& nasbench201 = add("NasBench201", kNasBench201, {});
    nasbench201.skip_dropout = 0.3;
    nasbench201.edge_drop = 0.2;
    add("DartsUnrolled", kSearchSpec, {"search.alpha_gradients=UNROLLED"}).skip_dropout = 0.3;
    SearchCase& noise = add("DartsNoise", kSearchSpec, {});
    noise.edge_drop = 0.2;
    noise.noise = true;
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Spaces, SearchStepsTest, ::testing::ValuesIn(SearchCases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace pdarts
