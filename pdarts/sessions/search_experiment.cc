#include "pdarts/sessions/search_experiment.h"

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/device_modes.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/super_net.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/processes/agreement.h"
#include "pdarts/processes/launch.h"
#include "pdarts/report/report.h"
#include "pdarts/runs/costs.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_images.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/runs/search_recorder.h"
#include "pdarts/runs/search_row.h"
#include "pdarts/sessions/device.h"
#include "pdarts/sessions/observers.h"
#include "pdarts/sessions/progress.h"
#include "pdarts/sessions/run_session.h"
#include "pdarts/sessions/search_dry_run.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/smallest_batch.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {
namespace {

/// The row of the results table without the fields that RunSession::Complete adds.
absl::StatusOr<RunResult> MakeResult(const Experiment& experiment, const DatasetSplits& data,
                                     const SearchResult& found) {
  PDARTS_ASSIGN_OR_RETURN(RunResult result, SearchRow(experiment, found.derivation->architecture));
  result.set_supernet_top1(found.supernet.top1);
  result.set_supernet_top5(found.supernet.top5);
  result.set_chance_top1(ChanceTop1(experiment.dataset->num_classes()));
  const SearchSettings& settings = experiment.spec.search();
  PDARTS_ASSIGN_OR_RETURN(
      const TrainingHalves halves,
      SplitTrainingImages(data.train->size(), settings.train_images(), settings.weights_share()));
  result.set_supernet_images(static_cast<double>(halves.alphas.size(0)));
  SetProbabilities(found.super_net->candidates(), found.super_net->Probabilities(), &result);
  return result;
}

/// The search of the spec, before its data are read.
struct PreparedSearch {
  Experiment experiment;
  RunSetup setup;
};

absl::StatusOr<PreparedSearch> Prepare(absl::StatusOr<ExperimentSpec> given,
                                       const SessionOptions& options) {
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, std::move(given));
  PDARTS_ASSIGN_OR_RETURN(const c10::Device device,
                          ResolveDevice(spec.device(), ReadLaunch().local_rank));
  PDARTS_ASSIGN_OR_RETURN(Experiment experiment, MakeExperiment(std::move(spec), device));
  PDARTS_RETURN_IF_ERROR(CheckPrecision(experiment.backend, "search.precision"));
  SetDeviceModes(experiment.backend, experiment.spec.search().deterministic());
  PDARTS_ASSIGN_OR_RETURN(
      const Transforms transforms,
      Transforms::ForSearch(experiment.spec.search(), experiment.dataset->info()));
  Tell(transforms.Notes(experiment.dataset->info()), options.notes);
  PDARTS_ASSIGN_OR_RETURN(RunSetup setup, SetUpRun(options));
  return PreparedSearch{std::move(experiment), std::move(setup)};
}

absl::StatusOr<DatasetSplits> LoadData(const Experiment& experiment, const SessionOptions& options,
                                       const Communicator& communicator) {
  PDARTS_RETURN_IF_ERROR(
      CheckShares("search.batch_size", experiment.spec.search().batch_size(), communicator));
  PDARTS_ASSIGN_OR_RETURN(DatasetSplits data, experiment.dataset->Load({options.data_dir}));
  // This check comes before a run directory is made.
  PDARTS_RETURN_IF_ERROR(CatchLibTorchErrors(
      [&] { return CheckSmallestBatches(experiment, data.train->size(), communicator.size()); }));
  return data;
}

/// The observers of the process that writes the files.
struct SearchWriter {
  SearchWriter(RunDirectory* directory, const Experiment& experiment)
      : recorder(directory, &experiment), report(directory->path()), progress(experiment) {}

  SearchRecorder recorder;
  ReportObserver report;
  ProgressDisplay progress;
};

/// Writes and prints the derived architecture of a search.
absl::Status Finish(const Experiment& experiment, const DatasetSplits& data,
                    const SearchResult& found, const SessionOptions& options, RunSession* session,
                    SearchWriter* writer) {
  RunDirectory& directory = session->directory();
  PDARTS_RETURN_IF_ERROR(directory.WriteSuperNet(*found.super_net));
  if (!found.derivation.ok()) {
    return absl::Status(
        found.derivation.status().code(),
        absl::StrCat(found.derivation.status().message(),
                     "; the search itself is complete, and its log holds the probabilities: ",
                     "pdarts derive --run=", directory.path(),
                     " --set=FIELD=VALUE derives from them with other settings"));
  }
  DerivedArchitecture derived;
  *derived.mutable_architecture() = found.derivation->architecture;
  *derived.mutable_trace() = found.derivation->trace;
  PDARTS_ASSIGN_OR_RETURN(*derived.mutable_text(),
                          experiment.space->Format(derived.architecture()));
  PDARTS_ASSIGN_OR_RETURN(RunResult result, MakeResult(experiment, data, found));
  PDARTS_RETURN_IF_ERROR(directory.WriteArchitecture(derived));
  LogEvent derivation;
  derivation.set_architecture(derived.text());
  for (const std::string& note : derived.trace().notes()) derivation.add_notes(note);
  PDARTS_ASSIGN_OR_RETURN(const std::optional<BenchmarkScore> score,
                          experiment.Score(derived.architecture()));
  if (score) {
    *derivation.mutable_benchmark() = *score;
    *result.mutable_benchmark() = *score;
  }
  PDARTS_RETURN_IF_ERROR(writer->recorder.Log("derivation", derivation));
  PDARTS_RETURN_IF_ERROR(writer->recorder.Log("run_end"));
  session->Complete(writer->recorder.clock(), &result);
  writer->report.WriteLast(result);
  PDARTS_RETURN_IF_ERROR(directory.WriteResult(result));

  if (PrintedAsJson(result, options)) return absl::OkStatus();
  *options.results << derived.text() << "\n\n";
  Tell({derived.trace().notes().begin(), derived.trace().notes().end()}, options.results);
  if (score) {
    *options.results << "benchmark       " << ScoreLine(*score, experiment.benchmark->size())
                     << "\n";
  }
  *options.results << absl::StrFormat(
      "super-network   %s (on the half of the alphas, augmented)\n"
      "probabilities   %.4f to %.4f in the last stage (an even share is %.4f)\n"
      "network         %.3f M parameters, %.3f G multiply-adds, as a network of %d cells and %d "
      "channels\n"
      "time            %s\n"
      "peak memory     %.2f GB%s\n"
      "run directory   %s\n",
      AccuracyText(result.supernet_top1(), result.supernet_top5(),
                   experiment.dataset->num_classes()),
      result.least_probability(), result.greatest_probability(), result.even_share(),
      result.params_m(), result.flops_g(), result.network_cells(), result.network_channels(),
      ShortDuration(result.search_cost_s()), result.mem_gb(), DeviceMemoryText(result),
      directory.path());
  if (const std::string note = DecidedNothing(result); !note.empty()) Tell({note}, options.results);
  return absl::OkStatus();
}

}  // namespace

absl::Status SearchExperiment(absl::StatusOr<ExperimentSpec> spec, const SessionOptions& options,
                              ProcessGroup& processes) {
  Communicator& communicator = processes.communicator();
  absl::StatusOr<PreparedSearch> prepared = Prepare(std::move(spec), options);
  PDARTS_RETURN_IF_ERROR(Agree(communicator, prepared.status()));
  const Experiment& experiment = prepared->experiment;
  PDARTS_RETURN_IF_ERROR(CheckSameStart(communicator,
                                        options.dry_run ? "search --dry_run" : "search",
                                        experiment.spec, experiment.backend));
  PDARTS_RETURN_IF_ERROR(ShareMachine(communicator, &prepared->setup));
  const RunSetup& setup = prepared->setup;
  if (options.dry_run) {
    return DoInFirst(communicator, [&] {
      return CatchLibTorchErrors([&] {
        return DryRunSearch(experiment, options, communicator.size(), setup.processes_here);
      });
    });
  }
  const absl::StatusOr<DatasetSplits> data = LoadData(experiment, options, communicator);
  PDARTS_RETURN_IF_ERROR(Agree(communicator, data.status()));
  SearchOptions search;
  PDARTS_ASSIGN_OR_RETURN(search.communicator,
                          processes.CommunicatorFor(experiment.backend.device));
  PDARTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<RunSession> session,
      RunSession::Open(OutputDir(options, experiment.spec.name(), experiment.spec.seed()),
                       experiment.spec, setup, experiment.backend, *data, *search.communicator));
  search.memory = MemoryPolicyOf(options, setup.processes_here);
  search.resume = session->state();
  std::unique_ptr<SearchWriter> writer;
  SearchProcessReports reports(search.communicator);
  std::vector<SearchObserver*> observers = {&reports};
  if (session->writes()) {
    writer = std::make_unique<SearchWriter>(&session->directory(), experiment);
    PDARTS_RETURN_IF_ERROR(session->LogBegin(writer->recorder, LogEvent()));
    writer->recorder.WriteSamples(FirstImages(experiment, *data, kSampleImages), *data);
    reports.GiveTo(&writer->recorder);
    observers.insert(observers.end(), {&writer->recorder, &writer->report});
    if (options.show_progress) observers.push_back(&writer->progress);
  }
  SearchObservers observer(observers);
  absl::StatusOr<SearchResult> found;
  PDARTS_RETURN_IF_ERROR(
      session->Train(writer ? &writer->recorder.clock() : nullptr, [&](Checkpointer* checkpointer) {
        search.checkpointer = checkpointer;
        found = RunSearch(experiment, *data, search, &observer);
        return found.status();
      }));
  return writer ? Finish(experiment, *data, *found, options, session.get(), writer.get())
                : absl::OkStatus();
}

}  // namespace pdarts
