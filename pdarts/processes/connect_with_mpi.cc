#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/processes/launch.h"
#include "pdarts/processes/mpi_communicator.h"
#include "pdarts/processes/process_group.h"
#ifdef PDARTS_WITH_NCCL
#include "pdarts/processes/nccl_communicator.h"
#endif

namespace pdarts {
namespace {

class MpiProcessGroup : public ProcessGroup {
 public:
  explicit MpiProcessGroup(std::unique_ptr<MpiCommunicator> communicator)
      : mpi_(std::move(communicator)) {}

  Communicator& communicator() override { return *mpi_; }

  absl::StatusOr<Communicator*> CommunicatorFor(c10::Device device) override {
    if (device.is_cpu()) return mpi_.get();
#ifdef PDARTS_WITH_NCCL
    PDARTS_ASSIGN_OR_RETURN(nccl_, NcclCommunicator::Connect(mpi_.get(), device));
    return nccl_.get();
#else
    return absl::FailedPreconditionError(
        absl::StrCat("several processes cannot compute together on ", device.str(),
                     ": this program was built without --config=cuda"));
#endif
  }

  absl::Status Leave() override {
#ifdef PDARTS_WITH_NCCL
    PDARTS_RETURN_IF_ERROR(mpi_->Barrier());
    nccl_.reset();
#endif
    return mpi_->Leave();
  }

  bool LeaveWithError(absl::string_view message) override {
    mpi_->LeaveWithError(message);
    return true;
  }

 private:
  const std::unique_ptr<MpiCommunicator> mpi_;
#ifdef PDARTS_WITH_NCCL
  std::unique_ptr<NcclCommunicator> nccl_;
#endif
};

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessGroup>> ConnectProcesses(const std::string& command,
                                                               bool in_several) {
  const Launch launch = ReadLaunch();
  if (WorksAlone(launch, in_several)) return LoneProcess();
  if (!in_several) {
    return absl::FailedPreconditionError(
        absl::StrCat(command, " is for one process, but was started as one of several tasks (",
                     launch.variable, "); start one task"));
  }
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<MpiCommunicator> communicator,
                          MpiCommunicator::Connect());
  if (communicator->size() > 1) return std::make_unique<MpiProcessGroup>(std::move(communicator));
  PDARTS_RETURN_IF_ERROR(communicator->Leave());
  return absl::FailedPreconditionError(absl::StrCat(
      command, " was started as one of several tasks (", launch.variable,
      "), but MPI connects this one with no other. Start them by mpirun, or by srun --mpi=pmix"));
}

}  // namespace pdarts
