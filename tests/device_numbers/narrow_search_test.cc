// Searches and trainings in 16 bits on another device than the CPU: they end, and their losses are
// near those of float32.

#include <cmath>
#include <string>
#include <vector>

#include "ATen/Parallel.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/core/training.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/search_trainer.h"
#include "tests/batteries/make_spec.h"

namespace pdarts {
namespace {

constexpr char kSearchSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 3 channels: 4 epochs: 2 warmup_epochs: 1 keep: 3 }
    stages { cells: 3 channels: 4 epochs: 2 warmup_epochs: 1 keep: 1 }
  }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.5, 0.5] } }
search { batch_size: 8 evaluation_batch_size: 8 evaluated_epochs: 1 }
)";

constexpr char kTrainSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 32 width: 32 train_images: 24 test_images: 8
  }
}
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train { epochs: 2 batch_size: 8 evaluation_batch_size: 4 average_decay: 0.5 accumulate: 2 }
)";

/// The losses of the first stage. After it, searches in different precisions may keep different
/// candidates, because the alphas are nearly equal.
class SearchLosses : public SearchObserver {
 public:
  absl::Status OnEpochEnd(const EpochReport& report) override {
    EXPECT_TRUE(std::isfinite(report.train.loss));
    if (report.position.stage > 0) return absl::OkStatus();
    losses.push_back(report.train.loss);
    if (report.alpha_loss) losses.push_back(*report.alpha_loss);
    return absl::OkStatus();
  }
  std::vector<double> losses;
};

class TrainLosses : public TrainObserver {
 public:
  absl::Status OnEpochEnd(const TrainEpochReport& report) override {
    losses.push_back(report.train.loss);
    losses.push_back(report.test.loss);
    return absl::OkStatus();
  }
  std::vector<double> losses;
};

std::vector<double> SearchLossesIn(const std::string& precision) {
  at::set_num_threads(1);
  const auto spec =
      MakeSpec<ExperimentSpec>(kSearchSpec, {absl::StrCat("search.precision=", precision)});
  const Experiment experiment = MakeExperiment(spec, CountingDevice()).value();
  SearchLosses heard;
  const absl::StatusOr<SearchResult> result =
      RunSearch(experiment, experiment.dataset->Load({}).value(), SearchOptions(), &heard);
  EXPECT_TRUE(result.ok()) << precision << ": " << result.status();
  return heard.losses;
}

std::vector<double> TrainLossesIn(const std::string& precision) {
  at::set_num_threads(1);
  const auto spec = MakeSpec<TrainSpec>(kTrainSpec, {absl::StrCat("train.precision=", precision)});
  const Training training = MakeTraining(spec, CountingDevice()).value();
  const DatasetSplits data = training.dataset->Load({}).value();
  const auto trainer = NetworkTrainer::Create(training, data).value();
  TrainLosses heard;
  const absl::Status status = trainer->Train(nullptr, &heard);
  EXPECT_TRUE(status.ok()) << precision << ": " << status;
  return heard.losses;
}

void ExpectNear(const std::vector<double>& narrow, const std::vector<double>& wide) {
  ASSERT_EQ(narrow.size(), wide.size());
  bool differs = false;
  for (size_t i = 0; i < wide.size(); ++i) {
    EXPECT_NEAR(narrow[i], wide[i], 0.15 * std::abs(wide[i])) << i;
    differs = differs || narrow[i] != wide[i];
  }
  EXPECT_TRUE(differs) << "the precision is not used";
}

TEST(NarrowSearch, EndsNearFloat32) {
  const std::vector<double> wide = SearchLossesIn("FLOAT32");
  ASSERT_FALSE(wide.empty());
  for (const char* precision : {"BFLOAT16", "FLOAT16"}) {
    SCOPED_TRACE(precision);
    ExpectNear(SearchLossesIn(precision), wide);
  }
  // The device computed everything.
  for (const std::string& kernels : UsedKernels()) {
    EXPECT_NE(kernels.find("/"), std::string::npos) << kernels;
    EXPECT_NE(kernels.substr(0, 5), "fused") << kernels;
  }
}

TEST(NarrowTraining, EndsNearFloat32) {
  const std::vector<double> wide = TrainLossesIn("FLOAT32");
  ASSERT_FALSE(wide.empty());
  for (const char* precision : {"BFLOAT16", "FLOAT16"}) {
    SCOPED_TRACE(precision);
    ExpectNear(TrainLossesIn(precision), wide);
  }
}

}  // namespace
}  // namespace pdarts
