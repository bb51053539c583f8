#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/benchmarks/nasbench301/accuracy_model.pb.h"
#include "pdarts/benchmarks/nasbench301/model.h"
#include "pdarts/benchmarks/nasbench301/nasbench301.pb.h"
#include "pdarts/benchmarks/nasbench301/shipped_model.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/registry.h"
#include "pdarts/spaces/darts/genotype.h"

namespace pdarts::nasbench301 {
namespace {

const AccuracyModel& ShippedModel() {
  static const auto* const shipped = [] {
    absl::StatusOr<AccuracyModel> model = ReadModel(kShippedModel, kShippedModelFile);
    CHECK(model.ok()) << model.status().ToString();
    return new AccuracyModel(*std::move(model));
  }();
  return *shipped;
}

class NasBench301 : public Benchmark {
 public:
  NasBench301() : model_(ShippedModel()) {}

  std::string space() const override { return "darts"; }
  bool predicts() const override { return true; }
  std::vector<std::string> datasets() const override { return {model_.dataset()}; }
  std::string default_dataset() const override { return model_.dataset(); }

 private:
  absl::StatusOr<BenchmarkScore> DoPredict(absl::string_view text,
                                           absl::string_view /*dataset*/) const override {
    PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, darts::ParseGenotype(text));
    PDARTS_RETURN_IF_ERROR(darts::CheckGenotype(architecture));
    const Prediction prediction = Predict(model_, architecture);
    BenchmarkScore score;
    score.set_accuracy(prediction.accuracy);
    score.add_interval(prediction.low);
    score.add_interval(prediction.high);
    score.set_extrapolated(prediction.extrapolated);
    if (!prediction.extrapolated) score.set_percentile(prediction.percentile);
    return score;
  }
  absl::Status DoUseModel(const std::string& file) override {
    const absl::StatusOr<std::string> text = ReadFileOrPipe(file);
    if (absl::IsNotFound(text.status())) {
      return absl::NotFoundError(absl::StrCat("cannot read the model ", file));
    }
    if (!text.ok()) return Annotate(text.status(), "the model");
    PDARTS_ASSIGN_OR_RETURN(model_, ReadModel(*text, file));
    return absl::OkStatus();
  }

  AccuracyModel model_;
};

const bool registered = Registry<Benchmark>::Register<NasBench301Config>(
    "nasbench301", "predicted accuracies of DARTS architectures (NAS-Bench-301)",
    [](const NasBench301Config& config) -> absl::StatusOr<std::unique_ptr<Benchmark>> {
      auto benchmark = std::make_unique<NasBench301>();
      if (!config.model().empty()) {
        PDARTS_RETURN_IF_ERROR(Annotate(benchmark->UseModel(config.model()), "model"));
      }
      return benchmark;
    });

}  // namespace
}  // namespace pdarts::nasbench301
