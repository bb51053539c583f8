#include "pdarts/sweeps/judging_trainings.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/comparison/statistics.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/result_summary.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

/// A text that is the same for two trainings that compute the same, even if their names differ.
absl::StatusOr<std::string> TrainingKey(const SearchSpace& space, TrainSpec spec) {
  PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, ParseGenotype(space, spec.genotype()));
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_genotype(), space.Format(architecture));
  spec.clear_name();
  spec.clear_description();
  return PrintSpec(spec);
}

/// Finished trainings by their keys (TrainingKey). Searches, and runs that cannot be read, are
/// ignored.
class FinishedTrainings {
 public:
  FinishedTrainings(const SearchSpace& space, const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
      const auto spec = ReadAnyRunSpec(folder);
      if (!spec.ok() || !IsTraining(**spec)) continue;
      const auto key = TrainingKey(space, static_cast<const TrainSpec&>(**spec));
      auto result = ReadRunResult(folder);
      if (!key.ok() || !result.ok() || !result->has_test_top1()) continue;
      trainings_.try_emplace(*key, folder, *std::move(result));
    }
  }

  /// Sets the directory and the result of `run` from a finished training of the same spec, if there
  /// is one.
  absl::Status Reuse(const SearchSpace& space, std::ostream* messages, QueuedRun* run) const {
    PDARTS_ASSIGN_OR_RETURN(const std::string key,
                            TrainingKey(space, static_cast<const TrainSpec&>(*run->spec)));
    const auto found = trainings_.find(key);
    if (found == trainings_.end()) return absl::OkStatus();
    run->finished_before = true;
    run->directory = found->second.first;
    run->result = found->second.second;
    *messages << run->label << ": finished before, " << run->directory << "\n";
    return absl::OkStatus();
  }

 private:
  std::map<std::string, std::pair<std::string, RunResult>> trainings_;
};

/// The directory of a training. No other training is written into it.
std::string DirectoryOf(const std::string& output, const TrainSpec& spec) {
  TrainSpec any_seed = spec;
  any_seed.clear_seed();
  const std::string digest = Sha256Of(PrintSpec(any_seed)).Hex();
  return (fs::path(output) /
          RunName(absl::StrCat(spec.name(), "-", digest.substr(0, 10)), spec.seed()))
      .string();
}

std::string ResumeCommandOf(const std::vector<QueuedRun>& runs, const JudgingOptions& options) {
  const auto begun = std::find_if(runs.begin(), runs.end(), HoldsItsSpec);
  return options.resume_command(begun == runs.end() ? "" : begun->directory);
}

}  // namespace

absl::StatusOr<std::vector<QueuedRun>> PlanTrainings(const Judge& judge,
                                                     const std::vector<GivenGroup>& groups,
                                                     const JudgingOptions& options) {
  const FinishedTrainings finished(*judge.space, options.finished_folders);
  std::vector<QueuedRun> runs;
  std::set<std::string> planned;
  for (const GivenGroup& group : groups) {
    for (size_t i = 0; i < group.architectures.size(); ++i) {
      if (!planned.insert(group.architectures[i]).second) continue;
      for (const int64_t seed : options.seeds) {
        auto spec = std::make_unique<TrainSpec>(judge.spec);
        spec->set_genotype(group.architectures[i]);
        spec->set_seed(seed);
        QueuedRun& run = runs.emplace_back();
        run.label = absl::StrCat(group.name, " ", i + 1, ", seed ", seed);
        run.directory = DirectoryOf(options.output, *spec);
        run.spec = std::move(spec);
        PDARTS_RETURN_IF_ERROR(finished.Reuse(*judge.space, options.messages, &run));
      }
    }
  }
  return runs;
}

absl::StatusOr<std::vector<double>> TrainAll(const Judge& judge,
                                             const std::vector<GivenGroup>& groups,
                                             const JudgingOptions& options,
                                             std::vector<std::string>* notes) {
  PDARTS_ASSIGN_OR_RETURN(std::vector<QueuedRun> runs, PlanTrainings(judge, groups, options));
  RunQueueOptions queue;
  queue.command = "comparison";
  queue.jobs = options.jobs;
  queue.resume_command = [&] { return ResumeCommandOf(runs, options); };
  queue.child = options.child;
  queue.messages = options.messages;
  std::vector<QueuedRun*> queued;
  for (QueuedRun& run : runs) queued.push_back(&run);
  PDARTS_RETURN_IF_ERROR(RunAll(queued, queue));

  std::vector<std::string> failed;
  std::vector<RunResult> results;
  std::map<std::string, std::vector<double>> accuracies;  // by architecture
  for (const QueuedRun& run : runs) {
    if (!run.error.empty()) {
      failed.push_back(absl::StrCat(run.label, " (", run.error, ")"));
      continue;
    }
    results.push_back(run.result);
    accuracies[static_cast<const TrainSpec&>(*run.spec).genotype()].push_back(
        run.result.test_top1());
  }
  if (!failed.empty()) {
    return absl::InternalError(absl::StrCat("these trainings failed: ", absl::StrJoin(failed, "; "),
                                            "; this runs them again:\n  ",
                                            ResumeCommandOf(runs, options)));
  }
  for (const std::string& difference : OriginDifferences(results)) {
    notes->push_back(absl::StrCat("the trainings differ in their ", difference));
  }
  std::vector<double> means;
  for (const GivenGroup& group : groups) {
    for (const std::string& text : group.architectures) means.push_back(Mean(accuracies.at(text)));
  }
  return means;
}

}  // namespace pdarts
