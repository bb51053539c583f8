#include "pdarts/sessions/run_session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/spec.h"
#include "pdarts/processes/agreement.h"
#include "pdarts/processes/program_identity.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/runs/run_checkpointer.h"
#include "pdarts/sessions/build_info.h"
#include "pdarts/sessions/device.h"
#include "pdarts/sessions/interrupt.h"

namespace pdarts {
namespace {

/// The meaning of --resume and --overwrite.
absl::StatusOr<RunStart> RunStartOf(const SessionOptions& options) {
  if (options.resume && options.overwrite) {
    return absl::InvalidArgumentError("--resume and --overwrite exclude each other");
  }
  if (options.overwrite) return RunStart::kOverwrite;
  return options.resume ? RunStart::kResume : RunStart::kResumeOrBegin;
}

Provenance MakeProvenance(const Backend& backend, const DatasetSplits& data, int threads) {
  Provenance provenance;
  provenance.set_version(BuildVersion());
  provenance.set_commit(BuildCommit());
  provenance.set_libtorch(LibTorchVersion());
  provenance.set_cpu(CpuName());
  provenance.set_device(backend.device.str());
  if (std::string gpu = DeviceName(backend.device); !gpu.empty())
    provenance.set_gpu(std::move(gpu));
  provenance.set_kernels(BackendName(backend));
  provenance.set_threads(threads);
  provenance.set_dataset_source(data.source);
  provenance.set_dataset_checksum(data.checksum);
  return provenance;
}

/// Tells the user of mpirun how to stop the run, because the way is unusual.
void TellHowToStop(std::ostream* notes) {
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr ||
      std::getenv("OMPI_MCA_odls_base_sigkill_timeout") != nullptr) {
    return;
  }
  Tell({"after SIGTERM or Ctrl-C mpirun kills its processes within two seconds. SIGUSR1 to mpirun "
        "stops the run in order, however long its step takes"},
       notes);
}

/// The number of processes that have this text. \error as Communicator::AllReduce.
absl::StatusOr<int> CountEqual(Communicator& communicator, const std::string& text) {
  const std::string bytes = Sha256Of(text).Bytes();
  int64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof(number));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> numbers, Gather(communicator, number));
  return static_cast<int>(std::count(numbers.begin(), numbers.end(), number));
}

}  // namespace

absl::StatusOr<RunSetup> SetUpRun(const SessionOptions& options) {
  RunSetup setup;
  setup.checkpoint_minutes = options.checkpoint_minutes;
  if (!(setup.checkpoint_minutes >= 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--checkpoint_minutes: ", setup.checkpoint_minutes, " is not 0 or more"));
  }
  PDARTS_ASSIGN_OR_RETURN(setup.start, RunStartOf(options));
  PDARTS_ASSIGN_OR_RETURN(setup.threads, SetCheckedThreads(options.threads));
  setup.given_threads = options.threads;
  setup.notes = options.notes;
  setup.resume_command = options.resume_command;
  return setup;
}

absl::Status CheckSameStart(Communicator& communicator, const std::string& command,
                            const google::protobuf::Message& spec, const Backend& backend) {
  if (communicator.size() == 1) return absl::OkStatus();
  const absl::StatusOr<std::string> program = ExecutableChecksum();
  PDARTS_RETURN_IF_ERROR(Agree(communicator, program.status()));
  Backend anywhere = backend;
  anywhere.device = c10::Device(backend.device.type());  // each process may have its own device
  return CheckAllTheSame(
      communicator,
      {{"command", command},
       {"version of pdarts", absl::StrCat(BuildVersion(), " (", BuildCommit(), ")")},
       {"program's checksum", *program},
       {"LibTorch", absl::StrCat(LibTorchVersion(), " ", LibraryBuildId("libtorch_cpu.so"))},
       {"kernels (which PDARTS_KERNEL_VARIANT sets)", BackendName(anywhere)},
       {"spec", PrintSpec(spec)}});
}

absl::Status ShareMachine(Communicator& communicator, RunSetup* setup) {
  if (communicator.size() == 1) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(setup->processes_here, CountEqual(communicator, HostName()));
  PDARTS_ASSIGN_OR_RETURN(const int sharing,
                          CountEqual(communicator, absl::StrCat(HostName(), " ", ProcessorSet())));
  if (setup->given_threads == 0) {
    setup->threads = SetThreads(std::max(1, NumProcessors() / sharing));
  }
  return absl::OkStatus();
}

RunSession::RunSession(const RunSetup& setup, Provenance provenance, Communicator* communicator)
    : setup_(setup), provenance_(std::move(provenance)), communicator_(communicator) {}

absl::StatusOr<std::unique_ptr<RunSession>> RunSession::Open(
    const std::string& path, const google::protobuf::Message& spec, const RunSetup& setup,
    const Backend& backend, const DatasetSplits& data, Communicator& communicator) {
  PDARTS_RETURN_IF_ERROR(
      CheckAllTheSame(communicator, {{"dataset's checksum", data.checksum},
                                     {"classes", absl::StrJoin(data.info.class_names, "\n")}}));
  Provenance provenance = MakeProvenance(backend, data, setup.threads);
  if (communicator.size() > 1) provenance.set_processes(communicator.size());
  std::unique_ptr<RunSession> session(new RunSession(setup, std::move(provenance), &communicator));
  PDARTS_RETURN_IF_ERROR(
      DoInFirst(communicator, [&] { return session->OpenDirectory(path, spec); }));
  if (communicator.size() > 1) TellHowToStop(setup.notes);
  PDARTS_RETURN_IF_ERROR(session->ShareState());
  return session;
}

absl::Status RunSession::OpenDirectory(const std::string& path,
                                       const google::protobuf::Message& spec) {
  PDARTS_ASSIGN_OR_RETURN(directory_, RunDirectory::Open(path, spec, setup_.start));
  Tell(directory_->notes(), setup_.notes);
  const std::optional<Checkpoint>& checkpoint = directory_->checkpoint();
  if (!checkpoint) return absl::OkStatus();
  const Provenance& before = checkpoint->run.provenance();
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> changes,
                          CompareProvenance(before, provenance_));
  *provenance_.mutable_changes() = before.changes();
  for (const std::string& change : changes) {
    Tell({absl::StrCat(change, ": the run may end differently from a run without this change")},
         setup_.notes);
    provenance_.add_changes(absl::StrCat(checkpoint->state.place, ": ", change));
  }
  return absl::OkStatus();
}

absl::Status RunSession::ShareState() {
  if (communicator_->size() == 1) return absl::OkStatus();
  const bool has_one = directory_ != nullptr && directory_->checkpoint();
  PDARTS_ASSIGN_OR_RETURN(
      const std::string bytes,
      communicator_->BroadcastText(has_one ? EncodeCheckpoint(*directory_->checkpoint()) : "", 0));
  if (directory_ != nullptr || bytes.empty()) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(received_, DecodeCheckpoint(bytes));
  return absl::OkStatus();
}

const TrainingState* RunSession::state() const {
  const std::optional<Checkpoint>& checkpoint =
      directory_ != nullptr ? directory_->checkpoint() : received_;
  return checkpoint ? &checkpoint->state : nullptr;
}

absl::Status RunSession::Train(const RunClock* clock,
                               const std::function<absl::Status(Checkpointer*)>& train) {
  RunCheckpointer::Options options;
  options.provenance = provenance_;
  options.minutes = setup_.checkpoint_minutes;
  options.stop_requested = [] { return InterruptSignal() != 0; };
  options.communicator = communicator_;
  RunCheckpointer checkpointer(directory_.get(), clock, std::move(options));
  absl::Status trained;
  {
    // A launcher passes signals on, so a process of a run with several processes can get the same
    // signal twice.
    const InterruptGuard guard(communicator_->size() > 1 ? InterruptGuard::SecondSignal::kIsNoted
                                                         : InterruptGuard::SecondSignal::kEnds);
    trained = train(&checkpointer);
    if (absl::IsCancelled(trained)) PDARTS_RETURN_IF_ERROR(ShareSignal());
  }
  return trained.ok() ? trained : ExplainEnd(trained);
}

absl::Status RunSession::ShareSignal() const {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> signals,
                          Gather(*communicator_, InterruptSignal()));
  for (size_t rank = 0; rank < signals.size(); ++rank) {
    if (signals[rank] == 0) continue;
    NoteSignalOfAnotherProcess(static_cast<int>(signals[rank]));
    if (signals.size() > 1)
      Tell({absl::StrCat("signal ", signals[rank], " to process ", rank)}, setup_.notes);
    break;
  }
  return absl::OkStatus();
}

absl::Status RunSession::ExplainEnd(const absl::Status& status) const {
  if (absl::IsCancelled(status)) {
    if (!writes()) return MarkAgreed(status);
    std::string message =
        absl::StrCat("stopped; the state is in ", directory_->last_checkpoint(),
                     ". If you move the run, name its new folder by --output_dir");
    if (setup_.resume_command) {
      absl::StrAppend(&message, ". To resume",
                      communicator_->size() > 1
                          ? ", started by mpirun or srun with any number of processes"
                          : "",
                      ":\n  ", setup_.resume_command(directory_->path()));
    }
    return MarkAgreed(absl::CancelledError(message));
  }
  if (!writes()) return status;
  // If the lock is lost, the directory may belong to another run.
  if (!directory_->CheckHeld().ok()) return status;
  const std::string& checkpoint = directory_->last_checkpoint();
  const absl::Status explained(status.code(),
                               absl::StrCat(status.message(), "; ",
                                            checkpoint.empty() ? "there is no checkpoint yet"
                                                               : "the last good checkpoint is ",
                                            checkpoint));
  return IsAgreed(status) ? MarkAgreed(explained) : explained;
}

}  // namespace pdarts
