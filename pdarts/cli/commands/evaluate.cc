#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
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
#include "pdarts/cli/run_data.h"
#include "pdarts/cli/run_session.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/terminal_text.h"
#include "pdarts/core/training.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/runs/model.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/runs/weights.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/libtorch_errors.h"
#include "pdarts/trainers/memory_estimate.h"

ABSL_FLAG(std::string, model, "", "FILE: a network's weights, as --weights");
ABSL_FLAG(
    std::string, epoch, "last",
    "last|best: which weights of a run are measured: those of its last epoch, or those of the "
    "epoch that was best on the run's test images");

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
  std::cout << report.weights() << "\nimages of " << TerminalSafe(report.dataset_source()) << "\n";
  if (report.has_epoch()) std::cout << "weights of the " << report.epoch() << " epoch\n";
  if (report.has_best_epoch()) {
    std::cout << absl::StrFormat(
        "the training measured %.2f%% after the last epoch, and %.2f%% after the best one (%d, "
        "chosen "
        "by its own test images; --epoch=best measures it)\n",
        report.last_test_top1(), report.best_test_top1(), report.best_epoch());
  }
  std::cout << absl::StrFormat(
      "%d test images: %s, loss %.4f\n\n", static_cast<int64_t>(report.images()),
      AccuracyText(report.top1(), report.top5(), report.classes_size()), report.loss());
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
    const std::string accuracy =
        of_class.has_accuracy() ? absl::StrFormat("%7.2f%%", of_class.accuracy()) : "no images";
    std::cout << absl::StrFormat("%-*s  %s  %s\n", static_cast<int>(width), of_class.name(),
                                 accuracy, absl::StrJoin(mistakes, ", "));
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

/// What a command measures, and how.
struct Measured {
  std::string file;  ///< of weights
  NamedTensors tensors;
  TrainSpec spec;              ///< of the network and the data
  std::optional<Model> model;  ///< what the weights say of themselves
  std::string epoch;           ///< "last" or "best" of a run's training; else empty
  TrainResult result;          ///< of a run's training, where it is finished
};

/// Which of a run's weights --epoch names.
absl::StatusOr<std::string> EpochFromFlags() {
  std::string epoch = absl::GetFlag(FLAGS_epoch);
  if (epoch == "last" || epoch == "best") return epoch;
  return absl::InvalidArgumentError(
      absl::StrCat("--epoch: is \"", epoch, "\", expected last or best"));
}

/// The spec of weights that come without a run.
absl::StatusOr<TrainSpec> SpecOfFile(const Measured& measured) {
  if (!measured.model || !absl::GetFlag(FLAGS_genotype).empty()) return SpecFromFlags();
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(measured.model->spec(),
                                       absl::StrCat(measured.file, ": ", kModelMetadata), &spec));
  // Of the data set that the network was trained on, the file has the settings.
  const std::string dataset = absl::GetFlag(FLAGS_dataset);
  if (!dataset.empty() && dataset != PluginShortName(spec.dataset())) {
    PDARTS_ASSIGN_OR_RETURN(*spec.mutable_dataset(),
                            PluginRegistry::Global().DefaultConfig(Dataset::kKind, dataset));
  }
  return spec;
}

absl::StatusOr<Measured> MeasuredFromFlags() {
  const std::string run = absl::GetFlag(FLAGS_run);
  const std::string model = absl::GetFlag(FLAGS_model);
  std::string weights = absl::GetFlag(FLAGS_weights);
  if (!model.empty() && !weights.empty()) {
    return absl::InvalidArgumentError("--model and --weights both name a file; give one");
  }
  if (weights.empty()) weights = model;
  if (run.empty() && weights.empty()) {
    return absl::InvalidArgumentError(
        "evaluate needs --run=DIR of a training, or --model=FILE and --genotype=...");
  }
  Measured measured;
  PDARTS_ASSIGN_OR_RETURN(const std::string epoch, EpochFromFlags());
  if (!weights.empty()) {
    measured.file = UserPath(weights);
  } else {
    measured.epoch = epoch;
    measured.file =
        epoch == "last" ? LastWeightsFile(UserPath(run)) : BestWeightsFile(UserPath(run));
    std::error_code error;
    if (epoch == "last" && !std::filesystem::exists(measured.file, error) &&
        std::filesystem::exists(BestWeightsFile(UserPath(run)), error)) {
      Tell({absl::StrCat("there is no ", measured.file,
                         ": the weights of the best epoch are measured instead")});
      measured.epoch = "best";
      measured.file = BestWeightsFile(UserPath(run));
    }
  }
  if (!run.empty()) {
    PDARTS_ASSIGN_OR_RETURN(measured.spec, ReadTrainingSpec(UserPath(run)));
  }
  PDARTS_ASSIGN_OR_RETURN(WeightsFile content, ReadWeightsFile(measured.file));
  Tell(content.notes);
  measured.tensors = std::move(content.tensors);
  PDARTS_ASSIGN_OR_RETURN(measured.model, ModelOfMetadata(content.metadata, measured.file));
  if (run.empty()) {
    PDARTS_ASSIGN_OR_RETURN(measured.spec, SpecOfFile(measured));
    return measured;
  }
  if (!measured.model) {
    PDARTS_ASSIGN_OR_RETURN(measured.model, ReadRunModel(UserPath(run)));
  }
  const absl::StatusOr<TrainResult> result = ReadTrainResult(UserPath(run));
  if (!result.ok() && !absl::IsNotFound(result.status())) return result.status();
  if (result.ok()) measured.result = *result;
  return measured;
}

/// Reads the test images as the model knows them.
absl::StatusOr<DatasetSplits> LoadTestImages(const Measured& measured, const Dataset& dataset) {
  LoadOptions options;
  options.data_dir = DataDirFromFlags();
  options.test_only = true;
  RunOrigin origin;
  if (const auto& model = measured.model) {
    options.class_names = {model->class_names().begin(), model->class_names().end()};
    origin.source = model->dataset_source();
    origin.has_same_data = [&](const DatasetSplits& data) {
      return TestChecksum(data) == model->test_checksum();
    };
  } else {
    Tell({absl::StrCat(measured.file,
                       " does not say which classes its outputs are and by which mean "
                       "and deviation images were normalized: those of the data set are taken")});
  }
  PDARTS_ASSIGN_OR_RETURN(DatasetSplits data, LoadDataOfRun(dataset, options, origin));
  if (measured.model) PDARTS_RETURN_IF_ERROR(TakeStatistics(*measured.model, &data.info));
  if (const std::string given = absl::GetFlag(FLAGS_data_dir);
      !given.empty() && !absl::StartsWith(data.source, UserPath(given))) {
    Tell({absl::StrCat("--data_dir=", given, " is not used, because the spec names another place: ",
                       data.source, "; --set=dataset.folder=DIR names one for this command")});
  }
  return data;
}

absl::Status EvaluateWeights(const std::vector<std::string>&) {
  PDARTS_RETURN_IF_ERROR(SetThreadsFromFlags().status());
  PDARTS_ASSIGN_OR_RETURN(Measured measured, MeasuredFromFlags());
  const NamedTensors& tensors = measured.tensors;
  const bool has_head = std::any_of(tensors.begin(), tensors.end(), [](const auto& entry) {
    return absl::StartsWith(entry.first, kAuxiliaryHead);
  });
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&measured.spec));
  PDARTS_ASSIGN_OR_RETURN(const c10::Device device, ResolveDevice(measured.spec.device()));
  PDARTS_ASSIGN_OR_RETURN(const Training training, MakeTraining(measured.spec, device));
  if (const std::optional<int> classes = absl::GetFlag(FLAGS_classes);
      classes && *classes != training.dataset->num_classes()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--classes: ", *classes, ", but the dataset has ", training.dataset->num_classes()));
  }
  NetworkShape shape = training.Shape();
  shape.auxiliary_head = has_head;
  PDARTS_ASSIGN_OR_RETURN(
      const std::shared_ptr<Network> network,
      training.space->BuildNetwork(training.architecture, shape, MakeGenerator(1, "weights")));
  network->to(training.backend.parameters);  // before the weights are rounded
  PDARTS_RETURN_IF_ERROR(LoadWeights(tensors, measured.file, network.get()));
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, LoadTestImages(measured, *training.dataset));
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
      EvaluationReport report, CatchLibTorchErrors([&]() -> absl::StatusOr<EvaluationReport> {
        network->to(device);
        const TrainSettings& settings = training.spec.train();
        PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                                Transforms::ForEvaluation(settings, data.info));
        PDARTS_ASSIGN_OR_RETURN(
            const std::unique_ptr<Loader> loader,
            MakeEvaluationLoader(data.test, data.test->size(), transforms, data.info,
                                 settings.evaluation_batch_size(), settings.loading(),
                                 training.backend.parameters));
        PDARTS_ASSIGN_OR_RETURN(const Evaluation evaluation, Evaluate(*network, *loader, device));
        return MakeEvaluationReport(evaluation, data.test->labels(), data.info, measured.file);
      }));
  report.set_dataset_source(data.source);
  if (!measured.epoch.empty()) report.set_epoch(measured.epoch);
  if (measured.result.has_best_epoch()) {
    report.set_last_test_top1(measured.result.test_top1());
    report.set_best_test_top1(measured.result.best_test_top1());
    report.set_best_epoch(measured.result.best_epoch());
  }
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
  for (const char* flag : {"run", "epoch", "model", "weights", "dataset", "data_dir", "device",
                           "threads", "set", "allow_swap", "json"}) {
    flags.push_back(flag);
  }
  return {"evaluate",
          "--run=DIR | --model=FILE [--genotype=TEXT|FILE|RUN|NAME]",
          "measure trained weights on the test split, for each class too",
          flags,
          &EvaluateWeights,
          /*takes_arguments=*/false,
          {{"--run=runs/train_quickstart-seed1", "the last weights of a training"},
           {"--model=best.pt --genotype=PDARTS --dataset=cifar10 --data_dir=/data",
            "weights from elsewhere"}}};
}

}  // namespace pdarts
