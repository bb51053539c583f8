#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/evaluation_report.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/cli/device.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/run_session.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/weights.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/libtorch_errors.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/precision.h"

ABSL_FLAG(std::string, model, "", "FILE: a network's weights, as --weights");

namespace pdarts {
namespace {

/// Entries of an auxiliary head, by the name that it has in Python too.
constexpr char kAuxiliaryHead[] = "auxiliary_head.";

/// The spec of the network that flags alone describe.
absl::StatusOr<TrainSpec> SpecFromFlags() {
  PDARTS_ASSIGN_OR_RETURN(const FlagNetwork given, NetworkFromFlags());
  TrainSpec spec;
  spec.set_name("evaluate");
  PluginRegistry& registry = PluginRegistry::Global();
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_space(),
                          registry.DefaultConfig(SearchSpace::kKind, SpaceFromFlags()));
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_dataset(),
                          registry.DefaultConfig(Dataset::kKind, DatasetFromFlags()));
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_genotype(), given.space->Format(given.architecture));
  spec.mutable_network()->set_cells(given.shape.cells);
  spec.mutable_network()->set_channels(given.shape.channels);
  spec.mutable_network()->set_skeleton(given.shape.skeleton);
  return spec;
}

void Print(const EvaluationReport& report) {
  std::cout << absl::StrFormat("%s\n%d test images: top-1 %.2f%%, top-5 %.2f%%, loss %.4f\n\n",
                               report.weights(), static_cast<int64_t>(report.images()),
                               report.top1(), report.top5(), report.loss());
  size_t width = 5;
  for (const ClassAccuracy& of_class : report.classes()) {
    width = std::max(width, of_class.name().size());
  }
  std::cout << absl::StrFormat("%-*s  accuracy  taken for\n", static_cast<int>(width), "class");
  for (const ClassAccuracy& of_class : report.classes()) {
    std::vector<std::string> mistakes;  // the three most frequent
    for (int m = 0; m < std::min(of_class.mistakes_size(), 3); ++m) {
      mistakes.push_back(
          absl::StrCat(of_class.mistakes(m).name(), " ", of_class.mistakes(m).images()));
    }
    std::cout << absl::StrFormat("%-*s  %7.2f%%  %s\n", static_cast<int>(width), of_class.name(),
                                 of_class.accuracy(), absl::StrJoin(mistakes, ", "));
  }
  if (report.classes_size() > 20) return;
  std::cout << "\nconfusion (rows: the true class, in the order above)\n";
  for (const ConfusionRow& row : report.confusion()) {
    for (double count : row.counts()) {
      std::cout << absl::StrFormat("%6d", static_cast<int64_t>(count));
    }
    std::cout << "\n";
  }
}

absl::Status EvaluateWeights(const std::vector<std::string>&) {
  PDARTS_RETURN_IF_ERROR(SetThreadsFromFlags().status());
  const std::string run = absl::GetFlag(FLAGS_run);
  const std::string model = absl::GetFlag(FLAGS_model);
  std::string weights = absl::GetFlag(FLAGS_weights);
  if (!model.empty() && !weights.empty()) {
    return absl::InvalidArgumentError("--model and --weights both name a file; give one");
  }
  if (weights.empty()) weights = model;
  TrainSpec spec;
  if (!run.empty()) {
    PDARTS_ASSIGN_OR_RETURN(spec, ReadTrainingSpec(UserPath(run)));
    weights = weights.empty() ? BestWeightsFile(UserPath(run)) : UserPath(weights);
  } else if (weights.empty()) {
    return absl::InvalidArgumentError(
        "evaluate needs --run=DIR of a training, or --model=FILE and --genotype=...");
  } else {
    weights = UserPath(weights);
    PDARTS_ASSIGN_OR_RETURN(spec, SpecFromFlags());
  }
  PDARTS_ASSIGN_OR_RETURN(const NamedTensors tensors, ReadWeights(weights));
  const bool has_head = std::any_of(tensors.begin(), tensors.end(), [](const auto& entry) {
    return absl::StartsWith(entry.first, kAuxiliaryHead);
  });
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  PDARTS_ASSIGN_OR_RETURN(const Training training, MakeTraining(std::move(spec)));
  if (const std::optional<int> classes = absl::GetFlag(FLAGS_classes);
      classes && *classes != training.dataset->num_classes()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--classes: ", *classes, ", but the dataset has ", training.dataset->num_classes()));
  }
  PDARTS_ASSIGN_OR_RETURN(const c10::Device device, ResolveDevice(training.spec.device()));
  NetworkShape shape = training.Shape();
  shape.auxiliary_head = has_head;
  PDARTS_ASSIGN_OR_RETURN(
      const std::shared_ptr<Network> network,
      training.space->BuildNetwork(training.architecture, shape, MakeGenerator(1, "weights")));
  network->to(ScalarTypeOf(training.spec.train().precision()));  // before the weights are rounded
  PDARTS_RETURN_IF_ERROR(LoadWeights(tensors, weights, network.get()));
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, training.dataset->Load({DataDirFromFlags()}));
  PDARTS_RETURN_IF_ERROR(CheckMeasurable(data));
  if (device.is_cpu()) {
    PDARTS_ASSIGN_OR_RETURN(
        const MemoryForecast forecast,
        ForecastEvaluation("the evaluation", "--set=train.evaluation_batch_size", *network,
                           shape.image, shape.classes,
                           TrainingBatches(training.spec.train(), &data).evaluation,
                           MemoryPolicyFromFlags()));
    PDARTS_RETURN_IF_ERROR(forecast.CheckFits());
  }
  PDARTS_ASSIGN_OR_RETURN(
      const EvaluationReport report, CatchLibTorchErrors([&]() -> absl::StatusOr<EvaluationReport> {
        network->to(device);
        PDARTS_ASSIGN_OR_RETURN(const Evaluation evaluation,
                                Evaluate(*network, data.test, data.info,
                                         training.spec.train().evaluation_batch_size(), device));
        return MakeEvaluationReport(evaluation, data.test, data.info, weights);
      }));
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << ToJsonLine(report) << "\n";
  } else {
    Print(report);
  }
  return absl::OkStatus();
}

}  // namespace

Command EvaluateCommand() {
  std::vector<std::string> flags = NetworkFlags();
  for (const char* flag : {"run", "model", "weights", "dataset", "data_dir", "device", "threads",
                           "set", "allow_swap", "json"}) {
    flags.push_back(flag);
  }
  return {"evaluate",
          "--run=DIR | --model=FILE --genotype=TEXT|FILE|NAME",
          "measure trained weights on the test split, for each class too",
          flags,
          &EvaluateWeights,
          /*takes_arguments=*/false,
          {{"--run=runs/train_quickstart-seed1", "the best weights of a training"},
           {"--model=best.pt --genotype=PDARTS --dataset=cifar10 --data_dir=/data",
            "weights from elsewhere"}}};
}

}  // namespace pdarts
