#include "pdarts/sessions/search_dry_run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/random.h"
#include "pdarts/core/super_net.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/sessions/data_description.h"
#include "pdarts/sessions/estimates.pb.h"
#include "pdarts/sessions/names.h"
#include "pdarts/sessions/progress.h"
#include "pdarts/trainers/alpha_training.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/smallest_batch.h"
#include "pdarts/trainers/stage_candidates.h"
#include "pdarts/trainers/stage_time.h"
#include "pdarts/trainers/stand_in_data.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {
namespace {

/// The data, or images that replace them if the data are not available.
struct Data {
  DatasetSplits splits;
  DataDescription description;
  bool at_hand = false;
  /// Halves of all training images; unset if the number of images is not known.
  std::optional<TrainingHalves> halves;
  BatchSizes batches;
  MemoryPolicy memory;
};

absl::StatusOr<Data> FindData(const Experiment& experiment, const SessionOptions& options,
                              int processes, int processes_here) {
  const SearchSettings& settings = experiment.spec.search();
  Data data;
  absl::StatusOr<DatasetSplits> splits = experiment.dataset->Load({options.data_dir});
  data.description = DescribeData(splits);
  data.at_hand = splits.ok();
  int64_t images = experiment.dataset->info().train_images;
  if (splits.ok()) {
    data.splits = *std::move(splits);
    images = data.splits.train->size();
  } else {
    data.splits = StandInData(experiment.dataset->info(), settings.batch_size());
    images = std::max<int64_t>(images, settings.train_images());
  }
  if (images > 0) {
    PDARTS_ASSIGN_OR_RETURN(data.halves, SplitTrainingImages(images, settings.train_images(),
                                                             settings.weights_share()));
  }
  data.batches = StageBatches(settings, data.at_hand ? &data.splits : nullptr,
                              data.halves ? &*data.halves : nullptr, processes);
  data.memory = MemoryPolicyOf(options, processes_here);
  return data;
}

/// The size, the memory and the time of one stage. If the candidates of a stage are not known yet,
/// its size and memory are those with the last candidates of each edge.
absl::StatusOr<StageEstimate> EstimateOf(const Experiment& experiment, const Data& data, int stage,
                                         SuperNet* built) {
  const StageShape shape = experiment.schedule->stage(stage);
  StageEstimate estimate;
  estimate.set_stage(stage + 1);
  estimate.set_cells(shape.cells);
  estimate.set_channels(shape.channels);
  estimate.set_candidates(static_cast<int>(built->candidates()[0][0].size()));
  estimate.set_keep(shape.keep);
  estimate.set_epochs(shape.epochs);
  estimate.set_warmup_epochs(shape.warmup_epochs);
  estimate.set_parameters(static_cast<double>(CountParameters(*built)));
  PDARTS_ASSIGN_OR_RETURN(
      const MemoryEstimate memory,
      EstimateStageMemory(experiment, stage, built->candidates(), data.batches, data.memory));
  estimate.set_memory_mb(static_cast<double>(memory.PeakBytes() / 1000000));
  std::optional<int> steps;
  if (data.halves) steps = StepsPerEpoch(*data.halves, experiment.spec.search());
  for (const std::string& note : AlphaTrainingNotes(experiment, stage, steps)) {
    estimate.add_notes(note);
  }
  if (const absl::Status fits = memory.CheckFits(); !fits.ok()) {
    estimate.add_notes(std::string(fits.message()));
  } else if (data.halves) {
    PDARTS_ASSIGN_OR_RETURN(
        const StageTimeEstimate time,
        StageTimer(experiment, data.splits)
            .Estimate(stage, NumBatches(data.halves->weights.size(0), data.batches.processes),
                      NumBatches(data.halves->alphas.size(0), data.batches.processes)));
    estimate.set_seconds(time.seconds);
    estimate.set_seconds_low(time.low);
    estimate.set_seconds_high(time.high);
  }
  return estimate;
}

void Print(const StageEstimate& estimate, const SuperNet& super_net, const Data& data,
           std::ostream& out) {
  out << absl::StrFormat(
      "stage %d: %d cells, %d channels, %s candidates for each edge (%d kept after it), %d epochs "
      "of "
      "which %d train weights only, %.0f parameters, about %.0f MB at batch %d%s%s",
      estimate.stage(), estimate.cells(), estimate.channels(),
      CandidateCounts(super_net.candidates()), estimate.keep(), estimate.epochs(),
      estimate.warmup_epochs(), estimate.parameters(), estimate.memory_mb(), data.batches.training,
      data.batches.processes > 1 ? " on each process" : "", data.at_hand ? "" : " and the dataset");
  if (estimate.has_seconds()) {
    out << ", about " << RoughDuration(estimate.seconds());
    if (estimate.seconds_low() < estimate.seconds_high()) {
      out << " (" << RoughDuration(estimate.seconds_low()) << " to "
          << RoughDuration(estimate.seconds_high()) << ", by the candidates)";
    }
  }
  out << "\n  " << super_net.Describe() << "\n";
  for (const std::string& note : estimate.notes()) out << "  note: " << note << "\n";
}

}  // namespace

absl::Status DryRunSearch(const Experiment& experiment, const SessionOptions& options,
                          int processes, int processes_here) {
  PDARTS_ASSIGN_OR_RETURN(const Data data,
                          FindData(experiment, options, processes, processes_here));
  PDARTS_RETURN_IF_ERROR(CheckSmallestBatches(
      experiment, data.at_hand ? std::optional(data.splits.train->size()) : std::nullopt,
      processes));
  /// The stream for the text; null if no text is printed.
  std::ostream* const text = options.json ? nullptr : options.results;
  SearchEstimate search;
  *search.mutable_data() = data.description;
  if (processes > 1) search.set_processes(processes);
  if (text != nullptr) PrintData(data.description, *text);
  if (text != nullptr && processes > 1) {
    *text << processes << " processes, each with its share of every batch; the time does "
          << "not include communication\n";
  }
  bool all_timed = true;
  double seconds = 0;
  for (int s = 0; s < experiment.schedule->num_stages(); ++s) {
    PDARTS_ASSIGN_OR_RETURN(const Candidates candidates, LastCandidates(experiment, s));
    PDARTS_ASSIGN_OR_RETURN(
        const std::shared_ptr<SuperNet> super_net,
        experiment.space->BuildSuperNet(candidates, experiment.StageSuperNetShape(s),
                                        MakeGenerator(static_cast<uint64_t>(experiment.spec.seed()),
                                                      "weights", static_cast<uint64_t>(s))));
    PDARTS_ASSIGN_OR_RETURN(*search.add_stages(), EstimateOf(experiment, data, s, super_net.get()));
    const StageEstimate& stage = *search.stages().rbegin();
    all_timed = all_timed && stage.has_seconds();
    seconds += stage.seconds();
    if (text != nullptr) Print(stage, *super_net, data, *text);
  }
  if (all_timed) search.set_total_seconds(seconds);
  if (PrintedAsJson(search, options)) return absl::OkStatus();
  if (search.stages_size() > 1) {
    *text << "The search decides which candidates the later stages hold. Their sizes and "
             "memory are those with the last candidates of each edge.\n";
  }
  if (all_timed) {
    *text << "total: about " << RoughDuration(seconds) << "\n";
  } else if (!data.halves) {
    *text << "total: unknown, because the number of images is not known without the data\n";
  } else {
    *text << "total: unknown, because a stage does not fit into the memory\n";
  }
  return absl::OkStatus();
}

}  // namespace pdarts
