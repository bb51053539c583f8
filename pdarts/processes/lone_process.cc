#include "pdarts/processes/process_group.h"

namespace pdarts {
namespace {

class LoneProcessGroup : public ProcessGroup {
 public:
  Communicator& communicator() override { return SingleProcess(); }
  absl::StatusOr<Communicator*> CommunicatorFor(c10::Device device) override {
    return &SingleProcess();
  }
  absl::Status Leave() override { return absl::OkStatus(); }
  bool LeaveWithError(absl::string_view message) override { return false; }
};

}  // namespace

std::unique_ptr<ProcessGroup> LoneProcess() { return std::make_unique<LoneProcessGroup>(); }

}  // namespace pdarts
