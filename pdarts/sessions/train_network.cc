#include "pdarts/sessions/train_network.h"

#include <algorithm>
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
#include "pdarts/core/network.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/training.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/nn/network_counts.h"
#include "pdarts/processes/agreement.h"
#include "pdarts/processes/launch.h"
#include "pdarts/report/report.h"
#include "pdarts/runs/costs.h"
#include "pdarts/runs/model.h"
#include "pdarts/runs/provenance.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_images.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/runs/training_recorder.h"
#include "pdarts/sessions/data_description.h"
#include "pdarts/sessions/device.h"
#include "pdarts/sessions/estimates.pb.h"
#include "pdarts/sessions/initial_weights.h"
#include "pdarts/sessions/observers.h"
#include "pdarts/sessions/progress.h"
#include "pdarts/sessions/run_data.h"
#include "pdarts/sessions/run_session.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/stand_in_data.h"

namespace pdarts {
namespace {

/// The result without the fields that RunSession::Complete adds.
absl::StatusOr<TrainResult> MakeResult(const Training& training, const NetworkTrainer& trained,
                                       const std::string& text) {
  TrainResult result;
  result.set_name(training.spec.name());
  result.set_dataset(PluginShortName(training.spec.dataset()));
  result.set_search_space(training.space->name());
  result.set_seed(static_cast<double>(training.spec.seed()));
  result.set_genotype(text);
  const NetworkShape shape = training.Shape();
  result.set_cells(shape.cells);
  result.set_channels(shape.channels);
  result.set_skeleton(shape.skeleton);
  result.set_chance_top1(ChanceTop1(training.dataset->num_classes()));
  result.set_test_top1(trained.last().top1);
  result.set_test_top5(trained.last().top5);
  result.set_test_loss(trained.last().loss);
  result.set_best_epoch(trained.best_epoch() + 1);
  result.set_best_test_top1(trained.best().top1);
  PDARTS_ASSIGN_OR_RETURN(const NetworkCounts counts,
                          CountNetwork(*training.space, training.architecture, shape));
  SetCosts(counts, &result);
  return result;
}

/// Reads the images. `classes` numbers their labels. A resumed run keeps the channel statistics by
/// which it normalizes images.
absl::StatusOr<DatasetSplits> LoadData(const Training& training,
                                       const std::vector<std::string>& classes,
                                       const std::optional<Model>& unfinished,
                                       const SessionOptions& options) {
  LoadOptions load;
  load.data_dir = options.data_dir;
  load.class_names = classes;
  const std::string& run = options.data_of_run;
  PDARTS_ASSIGN_OR_RETURN(
      DatasetSplits data,
      LoadDataOfRun(*training.dataset, load,
                    run.empty() ? DataProvenance() : DataProvenanceOfRun(run), options.notes));
  if (unfinished) PDARTS_RETURN_IF_ERROR(TakeStatistics(*unfinished, &data.info));
  return data;
}

/// Prints what a training would train, and its memory and time estimates. `processes` train
/// together, `processes_here` of them on this machine. Memory and time belong to each process.
absl::Status DryRun(const Training& training, const SessionOptions& options, int processes,
                    int processes_here) {
  const TrainSettings& settings = training.spec.train();
  const NetworkShape shape = training.Shape();
  const DatasetInfo& announced = training.dataset->info();
  const absl::StatusOr<DatasetSplits> data = training.dataset->Load({options.data_dir});
  int64_t train_images = data.ok() ? data->train->size() : announced.train_images;
  const int64_t test_images = data.ok() ? data->test->size() : announced.test_images;
  if (train_images > 0 && settings.train_images() > 0) train_images = settings.train_images();

  TrainingEstimate estimate;
  *estimate.mutable_data() = DescribeData(data);
  PDARTS_ASSIGN_OR_RETURN(*estimate.mutable_genotype(),
                          training.space->Format(training.architecture));
  estimate.set_cells(shape.cells);
  estimate.set_channels(shape.channels);
  estimate.set_skeleton(shape.skeleton);
  estimate.set_epochs(settings.epochs());
  PDARTS_ASSIGN_OR_RETURN(const NetworkCounts counts,
                          CountNetwork(*training.space, training.architecture, shape));
  estimate.set_params(counts.params);
  estimate.set_macs(counts.macs);
  PDARTS_ASSIGN_OR_RETURN(
      const MemoryEstimate memory,
      EstimateTrainingMemory(training,
                             TrainingBatches(settings, data.ok() ? &*data : nullptr, processes),
                             MemoryPolicyOf(options, processes_here)));
  if (processes > 1) estimate.set_processes(processes);
  estimate.set_memory_mb(static_cast<double>(memory.PeakBytes() / 1000000));
  const absl::Status fits = memory.CheckFits();
  if (fits.ok() && train_images > 0) {
    const DatasetSplits splits =
        data.ok()
            ? *data
            : StandInData(announced, std::max(settings.batch_size(), settings.train_images()));
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<NetworkTrainer> trainer,
                            NetworkTrainer::Create(training, splits));
    PDARTS_ASSIGN_OR_RETURN(const double seconds,
                            trainer->MeasureSeconds(NumBatches(train_images, processes),
                                                    NumBatches(test_images, processes)));
    estimate.set_total_seconds(seconds);
  }
  if (PrintedAsJson(estimate, options)) return absl::OkStatus();
  std::ostream& out = *options.results;
  PrintData(estimate.data(), out);
  out << absl::StrFormat(
      "%s\n%d cells, %d channels, skeleton %s, %d epochs, %.0f parameters, %.0f multiply-adds, "
      "about %.0f MB at batch %d%s%s\n",
      estimate.genotype(), estimate.cells(), estimate.channels(), estimate.skeleton(),
      estimate.epochs(), estimate.params(), estimate.macs(), estimate.memory_mb(),
      settings.batch_size(),
      absl::StrCat(
          settings.accumulate() > 1 ? absl::StrCat(" in ", settings.accumulate(), " parts") : "",
          processes > 1 ? absl::StrCat(" of which each of ", processes, " processes has its share")
                        : ""),
      data.ok() ? "" : " and the dataset");
  if (!fits.ok()) {
    out << "note: " << fits.message()
        << "\ntotal: unknown, because the training does not fit into the memory\n";
  } else if (!estimate.has_total_seconds()) {
    out << "total: unknown, because the number of images is not known without the data\n";
  } else {
    out << "total: about " << RoughDuration(estimate.total_seconds()) << "\n";
  }
  return absl::OkStatus();
}

/// The training of the spec, before its data are read.
struct PreparedTraining {
  Training training;
  RunSetup setup;
};

absl::StatusOr<PreparedTraining> Prepare(absl::StatusOr<TrainSpec> given,
                                         const SessionOptions& options) {
  PDARTS_ASSIGN_OR_RETURN(TrainSpec spec, std::move(given));
  PDARTS_ASSIGN_OR_RETURN(const c10::Device device,
                          ResolveDevice(spec.device(), ReadLaunch().local_rank));
  PDARTS_ASSIGN_OR_RETURN(Training training, MakeTraining(std::move(spec), device));
  PDARTS_RETURN_IF_ERROR(CheckPrecision(training.backend, "train.precision"));
  SetDeviceModes(training.backend, training.spec.train().deterministic());
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                          Transforms::ForTraining(training.spec.train(), training.dataset->info()));
  // The images of the evaluation are needed only after the first epoch.
  PDARTS_RETURN_IF_ERROR(
      Transforms::ForEvaluation(training.spec.train(), training.dataset->info()).status());
  Tell(transforms.Notes(training.dataset->info()), options.notes);
  PDARTS_ASSIGN_OR_RETURN(RunSetup setup, SetUpRun(options));
  return PreparedTraining{std::move(training), std::move(setup)};
}

/// The data of a training, and the weights with which it begins.
struct TrainingInput {
  DatasetSplits data;
  /// Unset for a resumed run, which has its own weights.
  std::optional<StartingWeights> weights;
};

/// Reads the data and the weights. Writes the description of the weights into the spec of
/// `training`. `path` is the run directory.
absl::StatusOr<TrainingInput> ReadInput(const SessionOptions& options, const std::string& path,
                                        Training* training) {
  const std::optional<TrainSpec> before =
      options.overwrite ? std::nullopt : FindUnfinishedTraining(path);
  PDARTS_ASSIGN_OR_RETURN(std::optional<StartingWeights> weights,
                          ReadInitialWeights(before, &training->spec, options.notes));
  std::optional<Model> unfinished;
  if (before && ComputeTheSame(*before, training->spec)) {
    PDARTS_ASSIGN_OR_RETURN(unfinished, ReadRunModel(path));
  }
  const std::vector<std::string> classes = ClassOrder(unfinished, weights, training->spec);
  absl::StatusOr<DatasetSplits> data = LoadData(*training, classes, unfinished, options);
  if (absl::IsInvalidArgument(data.status()) && !unfinished && !classes.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(data.status().message(),
                     "; --weights_except=classifier trains a new classifier for other classes"));
  }
  if (!data.ok()) return data.status();
  if (before) weights.reset();
  return TrainingInput{*std::move(data), std::move(weights)};
}

/// Makes the trainer with its first weights before the directory is opened, so that weights that do
/// not fit leave no run behind.
absl::StatusOr<std::unique_ptr<NetworkTrainer>> MakeTrainer(const Training& training,
                                                            const TrainingInput& input,
                                                            const SessionOptions& options,
                                                            int processes_here,
                                                            Communicator& communicator) {
  if (HasMemoryEstimates(training.backend.device)) {
    PDARTS_ASSIGN_OR_RETURN(
        const MemoryEstimate estimate,
        EstimateTrainingMemory(
            training, TrainingBatches(training.spec.train(), &input.data, communicator.size()),
            MemoryPolicyOf(options, processes_here)));
    PDARTS_RETURN_IF_ERROR(estimate.CheckFits());
  }
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<NetworkTrainer> trainer,
                          NetworkTrainer::Create(training, input.data, communicator));
  if (input.weights) {
    PDARTS_RETURN_IF_ERROR(LoadInitialWeights(*input.weights, training.spec, &trainer->network()));
  }
  return trainer;
}

/// The observers of the process that writes the files.
struct TrainWriter {
  TrainWriter(RunDirectory* directory, const DatasetSplits& data, int classes)
      : recorder(directory, &data), progress(classes) {}

  TrainingRecorder recorder;
  TrainProgress progress;
};

/// Writes the first files of a new run, or the changes of a resumed run.
absl::Status Begin(const Training& training, const DatasetSplits& data, const std::string& text,
                   NetworkTrainer& trainer, RunSession* session, TrainingRecorder* recorder) {
  RunDirectory& directory = session->directory();
  PDARTS_ASSIGN_OR_RETURN(Model model, DescribeModel(training, data));
  model.set_dataset(PluginShortName(training.spec.dataset()));
  CopyCommonFields(session->provenance(), &model);
  PDARTS_RETURN_IF_ERROR(directory.WriteModel(model));
  if (session->state() == nullptr) {
    DerivedArchitecture architecture;
    *architecture.mutable_architecture() = training.architecture;
    architecture.set_text(text);
    PDARTS_RETURN_IF_ERROR(directory.WriteArchitecture(architecture));
  }
  PDARTS_RETURN_IF_ERROR(
      session->LogBegin(*recorder, DescribeBegin(text, CountParameters(trainer.network()), data)));
  recorder->WriteSamples(trainer.FirstImages(kSampleImages), data);
  return absl::OkStatus();
}

/// Writes and prints the result of a training.
absl::Status Finish(const Training& training, const std::string& text,
                    const NetworkTrainer& trainer, const SessionOptions& options,
                    RunSession* session, TrainingRecorder* recorder) {
  RunDirectory& directory = session->directory();
  PDARTS_RETURN_IF_ERROR(recorder->Log("run_end"));
  PDARTS_ASSIGN_OR_RETURN(TrainResult result, MakeResult(training, trainer, text));
  session->Complete(recorder->clock(), &result);
  PDARTS_RETURN_IF_ERROR(directory.WriteResult(result));
  WriteReportOrWarn(directory.path());
  if (PrintedAsJson(result, options)) return absl::OkStatus();
  *options.results << absl::StrFormat(
      "%s\n\n"
      "test            %s (best epoch, chosen by it: %.2f%%)\n"
      "network         %d parameters, %d multiply-adds, of %d cells and %d channels\n"
      "time            %s\n"
      "peak memory     %.2f GB%s\n"
      "run directory   %s\n",
      text, AccuracyText(result.test_top1(), result.test_top5(), training.dataset->num_classes()),
      result.best_test_top1(), static_cast<int64_t>(result.params()),
      static_cast<int64_t>(result.macs()), result.cells(), result.channels(),
      ShortDuration(result.seconds()), result.mem_gb(), DeviceMemoryText(result), directory.path());
  return absl::OkStatus();
}

}  // namespace

absl::Status TrainFromSpec(absl::StatusOr<TrainSpec> spec, const SessionOptions& options,
                           ProcessGroup& processes) {
  Communicator& communicator = processes.communicator();
  absl::StatusOr<PreparedTraining> prepared = Prepare(std::move(spec), options);
  PDARTS_RETURN_IF_ERROR(Agree(communicator, prepared.status()));
  Training& training = prepared->training;
  PDARTS_RETURN_IF_ERROR(CheckSameStart(communicator, options.dry_run ? "train --dry_run" : "train",
                                        training.spec, training.backend));
  PDARTS_RETURN_IF_ERROR(ShareMachine(communicator, &prepared->setup));
  const RunSetup& setup = prepared->setup;
  if (options.dry_run) {
    return DoInFirst(communicator, [&] {
      return DryRun(training, options, communicator.size(), setup.processes_here);
    });
  }
  const std::string path = OutputDir(options, training.spec.name(), training.spec.seed());
  const absl::StatusOr<TrainingInput> input = ReadInput(options, path, &training);
  PDARTS_RETURN_IF_ERROR(Agree(communicator, input.status()));
  PDARTS_ASSIGN_OR_RETURN(Communicator* const of_device,
                          processes.CommunicatorFor(training.backend.device));
  const absl::StatusOr<std::unique_ptr<NetworkTrainer>> made =
      MakeTrainer(training, *input, options, setup.processes_here, *of_device);
  PDARTS_RETURN_IF_ERROR(Agree(communicator, made.status()));
  NetworkTrainer& trainer = **made;
  PDARTS_ASSIGN_OR_RETURN(const std::string text, training.space->Format(training.architecture));
  PDARTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<RunSession> session,
      RunSession::Open(path, training.spec, setup, training.backend, input->data, *of_device));
  if (session->state() != nullptr) PDARTS_RETURN_IF_ERROR(trainer.Restore(*session->state()));
  std::unique_ptr<TrainWriter> writer;
  TrainProcessReports reports(of_device);
  std::vector<TrainObserver*> observers = {&reports};
  if (session->writes()) {
    writer = std::make_unique<TrainWriter>(&session->directory(), input->data,
                                           training.dataset->num_classes());
    PDARTS_RETURN_IF_ERROR(
        Begin(training, input->data, text, trainer, session.get(), &writer->recorder));
    reports.GiveTo(&writer->recorder);
    observers.push_back(&writer->recorder);
    if (options.show_progress) observers.push_back(&writer->progress);
  }
  TrainObservers observer(observers);
  PDARTS_RETURN_IF_ERROR(session->Train(
      writer ? &writer->recorder.clock() : nullptr,
      [&](Checkpointer* checkpointer) { return trainer.Train(checkpointer, &observer); }));
  return writer ? Finish(training, text, trainer, options, session.get(), &writer->recorder)
                : absl::OkStatus();
}

}  // namespace pdarts
