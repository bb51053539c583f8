#ifndef TESTS_BATTERIES_TINY_SEARCH_H_
#define TESTS_BATTERIES_TINY_SEARCH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/experiment.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/training_state.h"
#include "tests/batteries/state_keeper.h"

namespace pdarts {

/// Replaces the parts of a spec that make a search long. The dataset becomes 24 synthetic images of
/// 16x16 pixels and 3 classes. Each stage becomes one with two cells, four channels, and two epochs
/// of two steps, of which the first epoch is warm-up. The space, the regularizers, the number of
/// stages and the numbers of kept candidates stay. `keep` holds the number for each stage.
void MakeTiny(const std::vector<int>& keep, ExperimentSpec* spec);

/// The content of a search's log, without times.
class SearchLog : public SearchObserver {
 public:
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& super_net) override;
  absl::Status OnResume(const SearchPosition& position, const SuperNet& super_net) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                          const Candidates& kept) override;

  std::vector<std::string> lines;
  int resumed = 0;
};

struct SearchOutcome {
  absl::StatusOr<SearchResult> result;
  SearchLog log;
};

/// Runs a search on one thread. The spec must be valid, and its dataset must load.
SearchOutcome Search(const ExperimentSpec& spec, Checkpointer* checkpointer = nullptr,
                     const TrainingState* resume = nullptr, c10::Device device = c10::kCPU);

/// Expects that both searches succeeded, and that their results are identical to the bit, including
/// weights and running statistics.
void ExpectSameEnd(const SearchOutcome& a, const SearchOutcome& b);

/// Expects that a search which resumes from any of its states ends like the uninterrupted search,
/// and reports what that reports after the state. The states pass through the bytes of a
/// checkpoint.
/// \return the number of states.
int ExpectEveryStateResumesToTheSameEnd(const ExperimentSpec& spec, c10::Device device = c10::kCPU);

/// Expects the same of one state of every `stride`, in less time. The first is that with the number
/// stride / 2.
/// \return the number of all states.
int ExpectSomeStatesResumeToTheSameEnd(const ExperimentSpec& spec, size_t stride,
                                       c10::Device device = c10::kCPU);

}  // namespace pdarts

#endif  // TESTS_BATTERIES_TINY_SEARCH_H_
