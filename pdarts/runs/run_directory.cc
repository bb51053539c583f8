#include "pdarts/runs/run_directory.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "google/protobuf/text_format.h"
#include "pdarts/core/file.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/weights.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Message;

constexpr char kSpec[] = "spec.textproto";
constexpr char kLog[] = "log.jsonl";
constexpr char kEvents[] = "events.out.tfevents";
constexpr char kArchitecture[] = "architecture.textproto";
constexpr char kArchitectureJson[] = "architecture.json";
constexpr char kGenotype[] = "genotype.txt";
constexpr char kSuperNet[] = "supernet.safetensors";
constexpr char kReport[] = "report.html";
constexpr char kBest[] = "best.safetensors";
constexpr char kLast[] = "last.safetensors";
constexpr char kResult[] = "result.json";
constexpr char kCheckpoint[] = "checkpoint.bin";
constexpr char kPreviousCheckpoint[] = "checkpoint.previous.bin";
constexpr char kDamagedCheckpoint[] = "checkpoint.damaged.bin";
constexpr char kLock[] = "lock";

/// Whether a file is cell_KIND.svg or .pdf, or one of them half-written.
bool IsCellDrawing(fs::path file) {
  if (file.extension() == ".tmp") file = file.stem();
  return absl::StartsWith(file.filename().string(), "cell_") &&
         (file.extension() == ".svg" || file.extension() == ".pdf");
}

/// "...: " and the fields that differ, or why they can't be told.
std::string Differences(const std::string& before, const Message& now, const std::string& file) {
  const std::unique_ptr<Message> spec(now.New());
  const absl::Status parsed = ParseSpecInto(before, file, spec.get());
  return parsed.ok() ? MessageDifferences(*spec, now) : std::string(parsed.message());
}

absl::Status Refuse(const fs::path& path, absl::string_view holds) {
  return absl::AlreadyExistsError(absl::StrCat(path.string(), " holds ", holds,
                                               "; choose another --output_dir, or --overwrite"));
}

absl::Status RefuseAnotherSpec(const fs::path& path, absl::string_view differences) {
  return Refuse(path, absl::StrCat("a run of another spec (", differences, ")"));
}

bool HasCheckpoint(const fs::path& path) {
  std::error_code error;
  return fs::exists(path / kCheckpoint, error) || fs::exists(path / kPreviousCheckpoint, error);
}

/// Whether the run ended before anything came of it, as by a dataset that wasn't there.
bool NothingCameOf(const fs::path& path) {
  std::error_code error;
  return !HasCheckpoint(path) && !fs::exists(path / kResult, error) &&
         (!fs::exists(path / kLog, error) || fs::file_size(path / kLog, error) == 0);
}

/// Whether a run that begins or goes on may write into `path`.
absl::Status CheckMayWrite(const fs::path& path, const Message& spec, RunStart start) {
  std::error_code error;
  const absl::StatusOr<std::string> old_spec = ReadFile(path / kSpec);
  if (start == RunStart::kResume && !old_spec.ok()) {
    return absl::NotFoundError(
        absl::StrCat("--resume: ", path.string(), " holds no run: there is no readable ", kSpec));
  }
  if (start == RunStart::kOverwrite || !fs::exists(path, error)) return absl::OkStatus();
  if (!old_spec.ok()) {
    for (const auto& entry : fs::directory_iterator(path, error)) {
      // A run that was killed before it wrote its spec left no other names.
      const std::string name = entry.path().filename().string();
      if (name != kLock && name != absl::StrCat(kSpec, ".tmp")) {
        return Refuse(path, "files that are no run of pdarts");
      }
    }
    return absl::OkStatus();
  }
  if (*old_spec != PrintSpec(spec)) {
    if (start == RunStart::kGoOn && NothingCameOf(path)) return absl::OkStatus();
    return RefuseAnotherSpec(path, Differences(*old_spec, spec, (path / kSpec).string()));
  }
  if (fs::exists(path / kResult, error)) return Refuse(path, "a finished run");
  return absl::OkStatus();
}

/// The text of the spec that a run was made by.
absl::StatusOr<std::string> ReadSpecText(const std::string& run) {
  absl::StatusOr<std::string> text = ReadFile((fs::path(run) / kSpec).string());
  if (text.ok()) return text;
  return absl::NotFoundError(
      absl::StrCat(run, " is no run directory: there is no readable ", kSpec, " in it"));
}

}  // namespace

RunDirectory::RunDirectory(std::string path, const Message& spec, std::unique_ptr<RunLock> lock)
    : path_(std::move(path)),
      spec_([&] {
        std::unique_ptr<Message> copy(spec.New());
        copy->CopyFrom(spec);
        return copy;
      }()),
      spec_text_(PrintSpec(spec)),
      lock_(std::move(lock)) {}

absl::StatusOr<std::unique_ptr<RunDirectory>> RunDirectory::Open(const std::string& path,
                                                                 const Message& spec,
                                                                 RunStart start) {
  PDARTS_RETURN_IF_ERROR(CheckMayWrite(path, spec, start));
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("can't make the output directory ", path, ": ", error.message()));
  }
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<RunLock> lock,
                          RunLock::Take((fs::path(path) / kLock).string()));
  // Another process may have written it since; now none can.
  PDARTS_RETURN_IF_ERROR(CheckMayWrite(path, spec, start));
  std::unique_ptr<RunDirectory> directory(new RunDirectory(path, spec, std::move(lock)));
  if (start != RunStart::kOverwrite && HasCheckpoint(path)) {
    PDARTS_RETURN_IF_ERROR(directory->GoOn());
    return directory;
  }
  if (start != RunStart::kOverwrite && fs::exists(directory->File(kSpec), error)) {
    directory->notes_.push_back(
        absl::StrCat(path, " holds an unfinished run without a checkpoint: it starts over"));
  }
  PDARTS_RETURN_IF_ERROR(directory->Begin());
  return directory;
}

void RunDirectory::Remove(absl::string_view name) {
  std::error_code error;
  fs::remove(File(name), error);
  fs::remove(absl::StrCat(File(name), ".tmp"), error);
}

void RunDirectory::RemoveCheckpoints() {
  for (const char* name : {kCheckpoint, kPreviousCheckpoint, kDamagedCheckpoint}) Remove(name);
}

void RunDirectory::Clear() {
  Remove(kResult);  // first: what is left isn't finished any more
  RemoveCheckpoints();
  for (const char* name : {kLog, kEvents, kArchitecture, kArchitectureJson, kGenotype, kSuperNet,
                           kBest, kLast, kReport, kSpec}) {
    Remove(name);
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    if (IsCellDrawing(entry.path())) fs::remove(entry.path(), error);
  }
}

absl::Status RunDirectory::Begin() {
  Clear();
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(File(kSpec), spec_text_));
  PDARTS_RETURN_IF_ERROR(log_.Open(File(kLog)));
  return events_.Open(File(kEvents), "");
}

absl::Status RunDirectory::GoOn() {
  PDARTS_RETURN_IF_ERROR(log_.Open(File(kLog)));
  std::error_code error;
  if (fs::exists(File(kCheckpoint), error)) {
    absl::Status newest = GoOnFrom(kCheckpoint);
    if (!absl::IsDataLoss(newest)) return newest;
    const absl::Status previous = GoOnFrom(kPreviousCheckpoint);
    if (!previous.ok()) {
      return absl::Status(previous.code(), absl::StrCat(newest.message(), "; ", previous.message(),
                                                        "; --overwrite starts the run over"));
    }
    // It must not take the place of the good one when the next is written.
    fs::rename(File(kCheckpoint), File(kDamagedCheckpoint), error);
    if (error) return absl::UnknownError(absl::StrCat("can't rename ", File(kCheckpoint)));
    notes_.push_back(absl::StrCat(newest.message(), "; it is ", kDamagedCheckpoint,
                                  " now, and the run goes on from the one before"));
    return absl::OkStatus();
  }
  return GoOnFrom(kPreviousCheckpoint);
}

absl::Status RunDirectory::GoOnFrom(const std::string& file) {
  PDARTS_ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadCheckpoint(File(file)));
  if (checkpoint.run.spec() != spec_text_) {
    return absl::FailedPreconditionError(absl::StrCat(
        File(file), " is of another spec (", Differences(checkpoint.run.spec(), *spec_, file),
        "); --overwrite starts over"));
  }
  PDARTS_RETURN_IF_ERROR(
      Annotate(log_.CutBack(checkpoint.run.log_bytes()), absl::StrCat(File(file), " needs more")));
  PDARTS_ASSIGN_OR_RETURN(const std::string log, ReadFile(File(kLog)));
  PDARTS_RETURN_IF_ERROR(events_.Open(File(kEvents), log));
  last_checkpoint_ = absl::StrCat(File(file), " (", checkpoint.state.place, ")");
  checkpoint_ = std::move(checkpoint);
  return absl::OkStatus();
}

absl::Status RunDirectory::WriteCheckpoint(Checkpoint checkpoint) {
  PDARTS_ASSIGN_OR_RETURN(const int64_t log_bytes, log_.Sync());
  checkpoint.run.set_log_bytes(log_bytes);
  checkpoint.run.set_spec(spec_text_);
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(File(kCheckpoint), EncodeCheckpoint(checkpoint),
                                             File(kPreviousCheckpoint)));
  last_checkpoint_ = absl::StrCat(File(kCheckpoint), " (", checkpoint.state.place, ")");
  return absl::OkStatus();
}

std::string RunDirectory::File(absl::string_view name) const {
  return (fs::path(path_) / std::string(name)).string();
}

absl::Status RunDirectory::Log(const Message& event) {
  const std::string line = ToJsonLine(event);
  PDARTS_RETURN_IF_ERROR(log_.Append(line));
  return events_.Append(line);
}

absl::Status RunDirectory::WriteArchitecture(const DerivedArchitecture& architecture) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(architecture, &text);
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(File(kArchitecture), text));
  DerivedArchitecture plain = architecture;
  plain.clear_trace();
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(File(kArchitectureJson), ToJsonLine(plain) + "\n"));
  return WriteFileAtomically(File(kGenotype), absl::StrCat(architecture.text(), "\n"));
}

absl::Status RunDirectory::WriteSuperNet(const SuperNet& net) {
  return WriteWeights(File(kSuperNet), ModuleState(net));
}

absl::Status RunDirectory::WriteLastWeights(const Network& network) {
  return WriteWeights(File(kLast), ModuleState(network));
}

absl::Status RunDirectory::WriteBestWeights(const Network& network) {
  return WriteWeights(File(kBest), ModuleState(network));
}

absl::Status RunDirectory::WriteResult(const Message& result) {
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(File(kResult), ToJsonLine(result) + "\n"));
  RemoveCheckpoints();
  return absl::OkStatus();
}

absl::StatusOr<ExperimentSpec> ReadRunSpec(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadSpecText(path));
  return ParseSpec(text, (fs::path(path) / kSpec).string());
}

absl::StatusOr<TrainSpec> ReadTrainingSpec(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadSpecText(path));
  std::error_code error;
  if (!fs::exists(BestWeightsFile(path), error)) {
    return absl::NotFoundError(absl::StrCat(path, " holds no trained weights (", kBest,
                                            "): train it first, with pdarts train --run=", path));
  }
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(text, (fs::path(path) / kSpec).string(), &spec));
  return spec;
}

std::string BestWeightsFile(const std::string& run) { return (fs::path(run) / kBest).string(); }

absl::StatusOr<DerivedArchitecture> ReadRunArchitecture(const std::string& path) {
  const std::string file = (fs::path(path) / kArchitecture).string();
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) {
    return absl::NotFoundError(
        absl::StrCat(path, " holds no architecture yet: there is no readable ", kArchitecture));
  }
  DerivedArchitecture architecture;
  if (!google::protobuf::TextFormat::ParseFromString(*text, &architecture)) {
    return absl::DataLossError(absl::StrCat(file, " is not a DerivedArchitecture"));
  }
  return architecture;
}

absl::StatusOr<RunResult> ReadRunResult(const std::string& path) {
  const std::string file = (fs::path(path) / kResult).string();
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) {
    return absl::NotFoundError(
        absl::StrCat(path, " is no finished run: there is no readable ", kResult));
  }
  RunResult result;
  PDARTS_RETURN_IF_ERROR(Annotate(ParseJson(*text, &result), file));
  return result;
}

absl::StatusOr<std::optional<RunResult>> FindFinishedRun(const std::string& path,
                                                         const ExperimentSpec& spec) {
  const absl::StatusOr<RunResult> result = ReadRunResult(path);
  if (!result.ok()) return std::nullopt;
  PDARTS_ASSIGN_OR_RETURN(const ExperimentSpec ran, ReadRunSpec(path));
  if (PrintSpec(ran) != PrintSpec(spec)) {
    return RefuseAnotherSpec(path, MessageDifferences(ran, spec));
  }
  return std::optional<RunResult>(*result);
}

}  // namespace pdarts
