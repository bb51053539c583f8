#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/evaluation_report.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/cli/trained_network_flags.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/network.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/trainers/evaluation.h"
#include "pdarts/trainers/memory_estimate.h"

// This flag is separate from the switch with the same name of other commands, because its type
// differs.
ABSL_FLAG(std::string, evaluation_csv, "",
          "FILE: file that gets the accuracy of each class and the confusion matrix as "
          "comma-separated values");

namespace pdarts {
namespace {

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
      "%d test images: %s, loss %.4f\n", static_cast<int64_t>(report.images()),
      AccuracyText(report.top1(), report.top5(), report.classes_size()), report.loss());
  if (report.has_skipped_images()) {
    std::cout << absl::StrFormat("%d more could not be read and were left out\n",
                                 static_cast<int64_t>(report.skipped_images()));
  }
  std::cout << "\n";
  size_t width = 5;
  for (const ClassAccuracy& of_class : report.classes()) {
    width = std::max(width, of_class.name().size());
  }
  std::cout << absl::StrFormat("%-*s  accuracy  most frequent mistakes\n", static_cast<int>(width),
                               "class");
  for (const ClassAccuracy& of_class : report.classes()) {
    std::vector<std::string> mistakes;  // the three most frequent mistakes
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

absl::Status EvaluateWeights(const std::vector<std::string>&) {
  PDARTS_RETURN_IF_ERROR(SetThreadsFromFlags().status());
  PDARTS_ASSIGN_OR_RETURN(const TrainedWeights weights, TrainedWeightsFromFlags("evaluate"));
  PDARTS_ASSIGN_OR_RETURN(const TrainedNetwork trained, TrainedNetworkFromFlags(weights));
  const TrainSettings& settings = trained.training.spec.train();
  const SessionOptions options = SessionOptionsFromFlags();
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data,
                          LoadTestImages(weights, *trained.training.dataset, options));
  PDARTS_RETURN_IF_ERROR(CheckMeasurable(data));
  PDARTS_RETURN_IF_ERROR(PutOnDevice(trained));
  PDARTS_RETURN_IF_ERROR(
      CheckMemory("the evaluation", trained, TrainingBatches(settings, &data).evaluation, options));
  PDARTS_ASSIGN_OR_RETURN(
      EvaluationReport report, CatchLibTorchErrors([&]() -> absl::StatusOr<EvaluationReport> {
        PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                                Transforms::ForEvaluation(settings, data.info));
        PDARTS_ASSIGN_OR_RETURN(
            const std::unique_ptr<Loader> loader,
            MakeEvaluationLoader(data.test, data.test->size(), transforms, data.info,
                                 settings.evaluation_batch_size(), settings.loading(),
                                 trained.training.backend.parameters));
        PDARTS_ASSIGN_OR_RETURN(const Evaluation evaluation,
                                Evaluate(*trained.network, *loader, trained.device));
        return MakeEvaluationReport(evaluation, data.test->labels(), data.info, weights.file);
      }));
  report.set_dataset_source(data.source);
  if (!weights.epoch.empty()) report.set_epoch(weights.epoch);
  if (weights.result.has_best_epoch()) {
    report.set_last_test_top1(weights.result.test_top1());
    report.set_best_test_top1(weights.result.best_test_top1());
    report.set_best_epoch(weights.result.best_epoch());
  }
  if (const std::string csv = absl::GetFlag(FLAGS_evaluation_csv); !csv.empty()) {
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(UserPath(csv), EvaluationCsv(report)));
  }
  if (!PrintedAsJson(report)) Print(report);
  return absl::OkStatus();
}

}  // namespace

Command EvaluateCommand() {
  std::vector<std::string> flags = TrainedNetworkFlags();
  for (const char* flag : {"threads", "allow_swap", "json", "csv"}) flags.push_back(flag);
  return {"evaluate",
          "--run=DIR | --model=FILE [--genotype=TEXT|FILE|RUN|NAME]",
          "measure trained weights on the test split, for each class too",
          flags,
          &EvaluateWeights,
          /*takes_arguments=*/false,
          {{"--run=runs/train_quickstart-seed1 --csv=classes.csv",
            "the last weights of a training, and the confusion matrix for a spreadsheet"},
           {"--model=best.pt --genotype=PDARTS --dataset=cifar10 --data_dir=/data",
            "weights from elsewhere"}},
          /*flag_texts=*/{},
          {{"csv", "evaluation_csv"}}};
}

}  // namespace pdarts
