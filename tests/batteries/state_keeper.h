#ifndef TESTS_BATTERIES_STATE_KEEPER_H_
#define TESTS_BATTERIES_STATE_KEEPER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/trainers/training_state.h"

namespace pdarts {

/// A checkpointer that stores every state as the content of a checkpoint.
class StateKeeper : public Checkpointer {
 public:
  bool Due() override { return true; }
  absl::Status Save(const TrainingState& state) override;
  bool StopRequested() override { return stop_after >= 0 && asked++ >= stop_after; }

  std::vector<std::string> places, contents;
  int stop_after = -1;  ///< number of questions whether to stop that are answered with no; -1: all
  int asked = 0;
};

}  // namespace pdarts

#endif  // TESTS_BATTERIES_STATE_KEEPER_H_
