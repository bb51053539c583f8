#ifndef PDARTS_RUNS_SEARCH_RECORDER_H_
#define PDARTS_RUNS_SEARCH_RECORDER_H_

#include "absl/status/status.h"
#include "pdarts/core/experiment.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_recorder.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Writes what a search reports to the log of its run directory.
class SearchRecorder : public SearchObserver, public RunRecorder<LogEvent> {
 public:
  /// `directory` and `experiment` must outlive the recorder. The experiment tells three things:
  /// which architecture would be derived at the end of an epoch, how the benchmark of the spec
  /// rates it, and whether a stage trains its alphas.
  SearchRecorder(RunDirectory* directory, const Experiment* experiment);

  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& super_net) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                          const Candidates& kept) override;

 private:
  /// Adds the architecture that would be derived from the network now, if one can be derived.
  absl::Status AddDerivation(const SuperNet& super_net, const EdgeProbabilities& probabilities,
                             LogEvent* event) const;

  const Experiment* const experiment_;
};

}  // namespace pdarts

#endif  // PDARTS_RUNS_SEARCH_RECORDER_H_
