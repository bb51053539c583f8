#ifndef TESTS_BATTERIES_TINY_SEARCH_H_
#define TESTS_BATTERIES_TINY_SEARCH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "pdarts/core/experiment.h"
#include "pdarts/trainers/search_trainer.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// Replaces what makes a search long: the dataset by 24 made images of 16x16 pixels and 3 classes,
/// every stage by one of two cells, four channels and two epochs of two steps, the first of them
/// warm-up. Space, regularisers, number of stages and candidates kept stay.
/// keep: of each stage.
void MakeTiny(const std::vector<int>& keep, ExperimentSpec* spec);

/// A checkpointer that keeps every state that it is given, as the content of a checkpoint.
class StateKeeper : public Checkpointer {
 public:
  bool Due() override { return true; }
  absl::Status Save(const TrainingState& state) override;
  bool StopRequested() override { return stop_after >= 0 && asked++ >= stop_after; }

  std::vector<std::string> places, contents;
  int stop_after = -1;  ///< questions whether to stop that are answered with no; -1: all
  int asked = 0;
};

/// What a log would hold of a search, without times.
class SearchLog : public SearchObserver {
 public:
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override;
  absl::Status OnEpochEnd(const EpochReport& report) override;
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& net,
                          const Candidates& kept) override;

  std::vector<std::string> lines;
  int resumed = 0;
};

struct SearchOutcome {
  absl::StatusOr<SearchResult> result;
  SearchLog log;
};

/// A search on one thread. The spec must be a valid one, whose dataset loads.
SearchOutcome Search(const ExperimentSpec& spec, Checkpointer* checkpointer = nullptr,
                     const TrainingState* resume = nullptr, c10::Device device = c10::kCPU);

/// Expects that both searches went well and found the same to the bit, weights and statistics
/// included.
void ExpectSameEnd(const SearchOutcome& a, const SearchOutcome& b);

/// Expects that a search which goes on from any of its states, through the bytes of a checkpoint,
/// ends where the uninterrupted one ends, and reports the rest of what that reports.
/// \return the number of states.
int ExpectEveryStateGoesOnToTheSameEnd(const ExperimentSpec& spec, c10::Device device = c10::kCPU);

}  // namespace pdarts

#endif  // TESTS_BATTERIES_TINY_SEARCH_H_
