#include "pdarts/cli/run_session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/json.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/build_info.h"
#include "pdarts/cli/device.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/interrupt.h"
#include "pdarts/core/spec.h"
#include "pdarts/processes/agreement.h"
#include "pdarts/processes/program_identity.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/runs/run_checkpointer.h"

namespace pdarts {
namespace {

/// The maximum number of threads for each processor. More threads than processors are useful only
/// to repeat a run of a larger machine. With many threads, each waits for all others at the end of
/// every operation.
constexpr int kThreadsPerProcessor = 4;

/// The meaning of --resume and --overwrite.
absl::StatusOr<RunStart> RunStartFromFlags() {
  if (absl::GetFlag(FLAGS_resume) && absl::GetFlag(FLAGS_overwrite)) {
    return absl::InvalidArgumentError("--resume and --overwrite exclude each other");
  }
  if (absl::GetFlag(FLAGS_overwrite)) return RunStart::kOverwrite;
  return absl::GetFlag(FLAGS_resume) ? RunStart::kResume : RunStart::kResumeOrBegin;
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
void TellHowToStop() {
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr ||
      std::getenv("OMPI_MCA_odls_base_sigkill_timeout") != nullptr) {
    return;
  }
  Tell(
      {"after SIGTERM or Ctrl-C mpirun kills its processes within two seconds. SIGUSR1 to mpirun "
       "stops the run in order, however long its step takes"});
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

void Tell(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) std::cerr << "note: " << note << "\n";
}

absl::StatusOr<int> SetThreadsFromFlags() {
  const int threads = absl::GetFlag(FLAGS_threads);
  if (threads < 0) {
    return absl::InvalidArgumentError(absl::StrCat("--threads: ", threads, " is negative"));
  }
  const int processors = NumProcessors();
  if (threads > kThreadsPerProcessor * processors) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--threads: ", threads, " is more than ", kThreadsPerProcessor * processors, ", ",
        kThreadsPerProcessor, " for each processor that this program may use (", processors, ")"));
  }
  return SetThreads(threads);
}

MemoryPolicy MemoryPolicyFromFlags(int processes) {
  MemoryPolicy policy;
  policy.processes = processes;
  policy.allow_swap = absl::GetFlag(FLAGS_allow_swap);
  return policy;
}

absl::StatusOr<RunFlags> RunFlagsFromCommandLine() {
  RunFlags flags;
  flags.checkpoint_minutes = absl::GetFlag(FLAGS_checkpoint_minutes);
  if (!(flags.checkpoint_minutes >= 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--checkpoint_minutes: ", flags.checkpoint_minutes, " is not 0 or more"));
  }
  PDARTS_ASSIGN_OR_RETURN(flags.start, RunStartFromFlags());
  PDARTS_ASSIGN_OR_RETURN(flags.threads, SetThreadsFromFlags());
  return flags;
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

absl::Status ShareMachine(Communicator& communicator, RunFlags* flags) {
  if (communicator.size() == 1) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(flags->processes_here, CountEqual(communicator, HostName()));
  PDARTS_ASSIGN_OR_RETURN(const int sharing,
                          CountEqual(communicator, absl::StrCat(HostName(), " ", ProcessorSet())));
  if (absl::GetFlag(FLAGS_threads) == 0) {
    flags->threads = SetThreads(std::max(1, NumProcessors() / sharing));
  }
  return absl::OkStatus();
}

RunSession::RunSession(const RunFlags& flags, Provenance provenance, Communicator* communicator)
    : flags_(flags), provenance_(std::move(provenance)), communicator_(communicator) {}

absl::StatusOr<std::unique_ptr<RunSession>> RunSession::Open(
    const std::string& path, const google::protobuf::Message& spec, const RunFlags& flags,
    const Backend& backend, const DatasetSplits& data, Communicator& communicator) {
  PDARTS_RETURN_IF_ERROR(
      CheckAllTheSame(communicator, {{"dataset's checksum", data.checksum},
                                     {"classes", absl::StrJoin(data.info.class_names, "\n")}}));
  Provenance provenance = MakeProvenance(backend, data, flags.threads);
  if (communicator.size() > 1) provenance.set_processes(communicator.size());
  std::unique_ptr<RunSession> session(new RunSession(flags, std::move(provenance), &communicator));
  PDARTS_RETURN_IF_ERROR(
      DoInFirst(communicator, [&] { return session->OpenDirectory(path, spec); }));
  if (communicator.size() > 1) TellHowToStop();
  PDARTS_RETURN_IF_ERROR(session->ShareState());
  return session;
}

absl::Status RunSession::OpenDirectory(const std::string& path,
                                       const google::protobuf::Message& spec) {
  PDARTS_ASSIGN_OR_RETURN(directory_, RunDirectory::Open(path, spec, flags_.start));
  Tell(directory_->notes());
  const std::optional<Checkpoint>& checkpoint = directory_->checkpoint();
  if (!checkpoint) return absl::OkStatus();
  const Provenance& before = checkpoint->run.provenance();
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> changes,
                          CompareProvenance(before, provenance_));
  *provenance_.mutable_changes() = before.changes();
  for (const std::string& change : changes) {
    Tell({absl::StrCat(change, ": the run may end differently from a run without this change")});
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
  options.minutes = flags_.checkpoint_minutes;
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
    if (signals.size() > 1) Tell({absl::StrCat("signal ", signals[rank], " to process ", rank)});
    break;
  }
  return absl::OkStatus();
}

absl::Status RunSession::ExplainEnd(const absl::Status& status) const {
  if (absl::IsCancelled(status)) {
    if (!writes()) return MarkAgreed(status);
    const bool in_several = communicator_->size() > 1;
    return MarkAgreed(absl::CancelledError(
        absl::StrCat("stopped; the state is in ", directory_->last_checkpoint(),
                     ". If you move the run, name its new folder by --output_dir. To resume",
                     in_several ? ", started by mpirun or srun with any number of processes" : "",
                     ":\n  ", ResumeCommand(directory_->path()))));
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

bool PrintedAsJson(const google::protobuf::Message& result) {
  if (!absl::GetFlag(FLAGS_json)) return false;
  std::cout << ToJsonLine(result) << "\n";
  return true;
}

}  // namespace pdarts
