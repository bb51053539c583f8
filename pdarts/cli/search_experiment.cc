#include "pdarts/cli/search_experiment.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pdarts/cli/device.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/interrupt.h"
#include "pdarts/cli/progress.h"
#include "pdarts/cli/run_session.h"
#include "pdarts/cli/search_dry_run.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/json.h"
#include "pdarts/core/process.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/core/super_net.h"
#include "pdarts/datasets/augmentation/augmentation_notes.h"
#include "pdarts/datasets/augmentation/batch_stream.h"
#include "pdarts/report/report.h"
#include "pdarts/runs/run_checkpointer.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/runs/search_recorder.h"
#include "pdarts/runs/search_row.h"
#include "pdarts/trainers/libtorch_errors.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/smallest_batch.h"

namespace pdarts {
namespace {

/// Passes every report on to several observers.
class Observers : public SearchObserver {
 public:
  explicit Observers(std::vector<SearchObserver*> observers) : observers_(std::move(observers)) {}
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& net) override {
    for (auto* o : observers_) PDARTS_RETURN_IF_ERROR(o->OnStageBegin(position, net));
    return absl::OkStatus();
  }
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override {
    for (auto* o : observers_) PDARTS_RETURN_IF_ERROR(o->OnResume(position, net));
    return absl::OkStatus();
  }
  absl::Status OnStep(const StepReport& report) override {
    for (auto* o : observers_) PDARTS_RETURN_IF_ERROR(o->OnStep(report));
    return absl::OkStatus();
  }
  absl::Status OnEpochEnd(const EpochReport& report) override {
    for (auto* o : observers_) PDARTS_RETURN_IF_ERROR(o->OnEpochEnd(report));
    return absl::OkStatus();
  }
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& net,
                          const Candidates& kept) override {
    for (auto* o : observers_) PDARTS_RETURN_IF_ERROR(o->OnStageEnd(position, net, kept));
    return absl::OkStatus();
  }

 private:
  const std::vector<SearchObserver*> observers_;
};

/// The row of the results table, all but the times.
absl::StatusOr<RunResult> MakeResult(const Experiment& experiment, const DatasetSplits& data,
                                     const SearchResult& found,
                                     const CheckpointSurroundings& surroundings) {
  PDARTS_ASSIGN_OR_RETURN(RunResult result, SearchRow(experiment, found.derivation->architecture));
  result.set_supernet_top1(found.supernet.top1);
  result.set_supernet_top5(found.supernet.top5);
  result.set_chance_top1(ChanceTop1(experiment.dataset->num_classes()));
  const SearchSettings& settings = experiment.spec.search();
  PDARTS_ASSIGN_OR_RETURN(const TrainingHalves halves,
                          SplitTrainingImages(data.train.images.size(0), settings.train_images(),
                                              settings.weights_share()));
  result.set_supernet_images(static_cast<double>(halves.alphas.size(0)));
  SetProbabilities(found.net->candidates(), found.net->Probabilities(), &result);
  SetOrigin(surroundings, data, &result);
  return result;
}

}  // namespace

absl::Status SearchExperiment(ExperimentSpec spec) {
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  PDARTS_ASSIGN_OR_RETURN(const c10::Device device, ResolveDevice(spec.device()));
  PDARTS_ASSIGN_OR_RETURN(const Experiment experiment, MakeExperiment(std::move(spec), device));
  const AugmentationSettings& augmentation = experiment.spec.search().augmentation();
  Tell(AugmentationNotes("search.augmentation", augmentation.crop_padding(), augmentation.cutout(),
                         experiment.dataset->info().image));
  PDARTS_ASSIGN_OR_RETURN(const RunFlags flags, RunFlagsFromCommandLine());
  if (absl::GetFlag(FLAGS_dry_run)) {
    return CatchLibTorchErrors([&] { return DryRunSearch(experiment); });
  }

  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, experiment.dataset->Load({DataDirFromFlags()}));
  // Before a run directory is made.
  PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors(
      [&] { return CheckSmallestBatches(experiment, data.train.images.size(0)); }));
  CheckpointSurroundings surroundings = MakeSurroundings(experiment.backend, data, flags.threads);
  PDARTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<RunDirectory> directory,
      OpenRun(OutputDirFromFlags(experiment.spec), experiment.spec, flags.start, &surroundings));
  SearchRecorder recorder(directory.get(), &experiment);
  if (!directory->checkpoint()) {
    PDARTS_RETURN_IF_ERROR(recorder.LogRun("run_begin"));
  } else if (!surroundings.changes().empty()) {
    LogEvent resume;
    *resume.mutable_notes() = surroundings.changes();
    PDARTS_RETURN_IF_ERROR(recorder.LogRun("resume", resume));
  }
  RunCheckpointer checkpointer(directory.get(), &recorder.clock(),
                               CheckpointingOf(flags, surroundings));
  ReportObserver report(directory->path());
  absl::StatusOr<SearchResult> found;
  {
    ProgressDisplay progress(experiment);
    Observers observers({&recorder, &report, &progress});
    SearchOptions options;
    options.memory.allow_swap = absl::GetFlag(FLAGS_allow_swap);
    options.checkpointer = &checkpointer;
    if (directory->checkpoint()) options.resume = &directory->checkpoint()->state;
    const InterruptGuard guard;
    found = RunSearch(experiment, data, options, &observers);
  }
  if (!found.ok()) return ExplainEnd(found.status(), *directory);

  PDARTS_RETURN_IF_ERROR(directory->WriteSuperNet(*found->net));
  if (!found->derivation.ok()) {
    return absl::Status(
        found->derivation.status().code(),
        absl::StrCat(found->derivation.status().message(),
                     "; the search itself is complete, and its log holds the probabilities: ",
                     "pdarts derive --run=", directory->path(),
                     " --set=FIELD=VALUE derives from them with other settings"));
  }
  DerivedArchitecture derived;
  *derived.mutable_architecture() = found->derivation->architecture;
  *derived.mutable_trace() = found->derivation->trace;
  PDARTS_ASSIGN_OR_RETURN(*derived.mutable_text(),
                          experiment.space->Format(derived.architecture()));
  PDARTS_ASSIGN_OR_RETURN(RunResult result, MakeResult(experiment, data, *found, surroundings));
  PDARTS_RETURN_IF_ERROR(directory->WriteArchitecture(derived));
  LogEvent derivation;
  derivation.set_architecture(derived.text());
  for (const std::string& note : derived.trace().notes()) derivation.add_notes(note);
  PDARTS_ASSIGN_OR_RETURN(const std::optional<BenchmarkScore> score,
                          experiment.Score(derived.architecture()));
  if (score) {
    *derivation.mutable_benchmark() = *score;
    *result.mutable_benchmark() = *score;
  }
  PDARTS_RETURN_IF_ERROR(recorder.LogRun("derivation", derivation));
  PDARTS_RETURN_IF_ERROR(recorder.LogRun("run_end"));
  result.set_search_cost_s(recorder.clock().Elapsed());
  result.set_mem_gb(static_cast<double>(recorder.clock().PeakBytes()) / 1e9);
  result.set_finished(TimeNow());
  report.WriteLast(result);
  PDARTS_RETURN_IF_ERROR(directory->WriteResult(result));

  if (absl::GetFlag(FLAGS_json)) {
    std::cout << ToJsonLine(result) << "\n";
    return absl::OkStatus();
  }
  std::cout << derived.text() << "\n\n";
  for (const std::string& note : derived.trace().notes()) std::cout << "note: " << note << "\n";
  if (score) {
    std::cout << "benchmark       " << ScoreLine(*score, experiment.benchmark->size()) << "\n";
  }
  std::cout << absl::StrFormat(
      "super-network   %s (on the alphas' half, augmented)\n"
      "probabilities   %.4f to %.4f in the last stage (an even share is %.4f)\n"
      "network         %.3f M parameters, %.3f G multiply-adds, as a network of %d cells and %d "
      "channels\n"
      "time            %s\n"
      "peak memory     %.2f GB\n"
      "run directory   %s\n",
      AccuracyText(result.supernet_top1(), result.supernet_top5(),
                   experiment.dataset->num_classes()),
      result.least_probability(), result.greatest_probability(), result.even_share(),
      result.params_m(), result.flops_g(), result.network_cells(), result.network_channels(),
      ShortDuration(result.search_cost_s()), result.mem_gb(), directory->path());
  if (const std::string note = DecidedNothing(result); !note.empty()) {
    std::cout << "note: " << note << "\n";
  }
  return absl::OkStatus();
}

}  // namespace pdarts
