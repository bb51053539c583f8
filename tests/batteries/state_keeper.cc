#include "tests/batteries/state_keeper.h"

#include "pdarts/runs/checkpoint.h"

namespace pdarts {

absl::Status StateKeeper::Save(const TrainingState& state) {
  Checkpoint checkpoint;
  checkpoint.state = state;
  places.push_back(state.place);
  contents.push_back(EncodeCheckpoint(checkpoint));
  return absl::OkStatus();
}

}  // namespace pdarts
