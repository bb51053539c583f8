// Processes that train a network together take the same steps as one process, in float64 and with
// shares of different sizes: weights, their moving average and running statistics agree.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/training.h"
#include "pdarts/trainers/batch_parts.h"
#include "pdarts/trainers/meter.h"
#include "pdarts/trainers/network_step.h"
#include "tests/batteries/make_spec.h"
#include "tests/data_parallel/processes.h"

namespace pdarts {
namespace {

/// Images of 32x32 pixels, for which the auxiliary head exists. The padding is small and there is
/// no cutout, because between equal pixels, rounding decides which one a max pool selects.
constexpr char kDarts[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 6 height: 32 width: 32 train_images: 16 test_images: 8
  }
}
genotype: "PDARTS"
network { cells: 2 channels: 4 }
train {
  batch_size: 7 precision: FLOAT64 label_smoothing: 0.1 average_decay: 0.5
  augmentation { crop_padding: 1 cutout: 0 }
}
)";

constexpr char kNasBench201[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 6 height: 8 width: 8 train_images: 16 test_images: 8
  }
}
genotype: "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
network { cells: 1 channels: 4 }
train {
  batch_size: 7 precision: FLOAT64 average_decay: 0.5
  augmentation { crop_padding: 1 cutout: 0 }
}
)";

struct TrainCase {
  std::string name;
  const char* spec = kDarts;
  std::vector<std::string> settings;
};

absl::StatusOr<Tensors> Train(const TrainCase& of, int steps, Communicator& communicator) {
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(MakeSpec(of.spec, of.settings, &spec));
  PDARTS_ASSIGN_OR_RETURN(const Training training, MakeTraining(spec));
  const TrainSettings& settings = training.spec.train();
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, training.dataset->Load({}));
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                          Transforms::ForTraining(settings, data.info));
  PDARTS_ASSIGN_OR_RETURN(const auto batches,
                          MakeLoader(data, /*first_image=*/0, transforms, "train", at::kDouble,
                                     communicator, LargestPart(settings, settings.batch_size())));
  const auto build = [&] {
    return BuildTrainedNetwork(training, c10::kCPU, MakeGenerator(1, "weights"));
  };
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> network, build());
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> average, build());
  NetworkStep step(network, average, settings, /*seed=*/1, communicator);
  step.BeginAverage();
  Meter meter;
  for (int i = 0; i < steps; ++i) {
    PDARTS_ASSIGN_OR_RETURN(const Batch batch, batches->Next());
    PDARTS_ASSIGN_OR_RETURN(const NetworkStep::Pass pass,
                            step.Train(batch, /*learning_rate=*/0.025, /*drop_path=*/0.3));
    AddScore(pass, batch.labels, &meter);
  }
  Tensors end = StateOf(*network);
  for (auto& [name, tensor] : StateOf(*average)) end[absl::StrCat("average of ", name)] = tensor;
  const Accuracy mean = meter.Mean();
  end["mean loss"] = Number(mean.loss);
  end["top-1"] = Number(mean.top1);
  end["top-5"] = Number(mean.top5);
  return end;
}

class NetworkStepsTest : public ::testing::TestWithParam<TrainCase> {};

TEST_P(NetworkStepsTest, AreThoseOfOneProcess) {
  const auto expect = [](int steps, double tolerance) {
    SCOPED_TRACE(absl::StrCat(steps, " steps"));
    ExpectProcessesAgree(tolerance, [steps](Communicator& communicator) {
      return CatchLibTorchErrors([&] { return Train(GetParam(), steps, communicator); });
    });
  };
  expect(1, 1e-10);
  expect(10, 1e-8);
}

std::vector<TrainCase> TrainCases() {
  return {
      {"DartsFused", kDarts, {"train.kernels=FUSED"}},
      {"DartsReference", kDarts, {"train.kernels=REFERENCE"}},
      // Parts of 4 and 3 images. Each process has a share of each part.
      {"DartsInParts", kDarts, {"train.accumulate=2", "train.auxiliary_weight=0"}},
      {"NasBench201Fused", kNasBench201, {"train.kernels=FUSED"}},
      {"NasBench201Reference", kNasBench201, {"train.kernels=REFERENCE"}},
  };
}

INSTANTIATE_TEST_SUITE_P(Spaces, NetworkStepsTest, ::testing::ValuesIn(TrainCases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace pdarts
