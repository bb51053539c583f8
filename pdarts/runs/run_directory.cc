#include "pdarts/runs/run_directory.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/text_format.h"
#include "pdarts/base/finite.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/network.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "pdarts/runs/model.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/runs/training_row.h"
#include "pdarts/weights/weights.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Message;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr char kEvents[] = "events.out.tfevents";
constexpr char kArchitectureJson[] = "architecture.json";
constexpr char kSuperNet[] = "supernet.safetensors";
constexpr char kReport[] = "report.html";
constexpr char kBest[] = "best.safetensors";
constexpr char kLast[] = "last.safetensors";
constexpr char kSamples[] = "samples.json";
constexpr char kMistakes[] = "mistakes.json";
constexpr char kCheckpoint[] = "checkpoint.bin";
constexpr char kPreviousCheckpoint[] = "checkpoint.previous.bin";
constexpr char kDamagedCheckpoint[] = "checkpoint.damaged.bin";
constexpr char kLock[] = "lock";

/// The files of an unfinished run and of a finished run. The spec and the lock are not in these
/// lists: the spec is replaced, and the process removes its lock when it ends.
constexpr const char* kCheckpoints[] = {kCheckpoint, kPreviousCheckpoint, kDamagedCheckpoint};
constexpr const char* kOutputs[] = {
    kEvents, kArchitectureFile, kArchitectureJson, kGenotypeFile, kSuperNet, kBest,
    kLast,   kModelFile,        kReport,           kSamples,      kMistakes};

/// The complete lines of a log that can be parsed.
template <class Line>
std::vector<Line> ParseLog(const std::string& log) {
  std::vector<Line> lines;
  for (const absl::string_view text : absl::StrSplit(log, '\n')) {
    Line line;
    if (ParseJson(std::string(text), &line).ok()) lines.push_back(std::move(line));
  }
  return lines;
}

/// The drawings that a report of the run with this log has written: cell_KIND.svg and .pdf of
/// each cell kind in the log.
std::vector<std::string> DrawingsOf(const std::string& log) {
  std::set<std::string> kinds;
  for (const Struct& line : ParseLog<Struct>(log)) {
    const auto cells = line.fields().find("probabilities");
    if (cells == line.fields().end()) continue;
    for (const Value& cell : cells->second.list_value().values()) {
      const auto& fields = cell.struct_value().fields();
      const auto kind = fields.find("cell_kind");
      if (kind != fields.end()) kinds.insert(kind->second.string_value());
    }
  }
  std::vector<std::string> files;
  for (const std::string& kind : kinds) {
    for (const char* ending : {".svg", ".pdf"}) {
      files.push_back(absl::StrCat("cell_", kind, ending));
    }
  }
  return files;
}

/// Reads the spec of a run. A field that did not exist in the program that wrote the spec gets its
/// default.
absl::Status ParseRunSpec(const std::string& text, const std::string& file, Message* spec) {
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(text, file, spec));
  return CompleteSpec(spec);
}

/// "...: " and the names of the fields that differ, or the reason why the specs cannot be compared.
std::string Differences(const std::string& before, const Message& now, const std::string& file) {
  const std::unique_ptr<Message> spec(now.New());
  const absl::Status parsed = ParseRunSpec(before, file, spec.get());
  return parsed.ok() ? MessageDifferences(*spec, now) : std::string(parsed.message());
}

/// Whether a run with this text of its spec may be resumed as a run of `spec`.
bool IsSameRun(const std::string& text, const Message& spec) {
  if (text == PrintSpec(spec)) return true;
  const std::unique_ptr<Message> parsed(spec.New());
  return ParseRunSpec(text, kSpecFile, parsed.get()).ok() && ComputeTheSame(*parsed, spec);
}

absl::Status Refuse(const std::string& path, absl::string_view holds) {
  return absl::AlreadyExistsError(
      absl::StrCat(path, " holds ", holds, "; choose another --output_dir, or --overwrite"));
}

absl::Status RefuseAnotherSpec(const std::string& path, absl::string_view differences) {
  return Refuse(path, absl::StrCat("a run of another spec (", differences, ")"));
}

absl::Status NothingToResume(const std::string& path) {
  return absl::NotFoundError(
      absl::StrCat("--resume: ", path, " holds no run: there is no ", kSpecFile,
                   " in it; if the run was moved, name its new folder by --output_dir"));
}

/// Files that pdarts did not write are never replaced, whatever the flags are.
absl::Status RefuseOthersFiles(const Directory& directory, absl::string_view why) {
  return absl::AlreadyExistsError(absl::StrCat(directory.path(),
                                               " holds files that are not a run of pdarts (", why,
                                               "); choose another --output_dir"));
}

absl::StatusOr<bool> HasCheckpoint(const Directory& directory) {
  PDARTS_ASSIGN_OR_RETURN(const bool newest, directory.Holds(kCheckpoint));
  if (newest) return true;
  return directory.Holds(kPreviousCheckpoint);
}

/// Whether the run ended before it produced anything: it has no checkpoint, no result, and no
/// complete epoch in the log. Examples are a missing dataset, and a stage that does not fit into
/// the memory.
absl::StatusOr<bool> NothingCameOf(const Directory& directory) {
  PDARTS_ASSIGN_OR_RETURN(const bool has_checkpoint, HasCheckpoint(directory));
  PDARTS_ASSIGN_OR_RETURN(const bool has_result, directory.Holds(kResultFile));
  if (has_checkpoint || has_result) return false;
  const absl::StatusOr<std::string> log = directory.ReadFile(kLogFile);
  if (absl::IsNotFound(log.status())) return true;
  if (!log.ok()) return log.status();
  for (const Struct& line : ParseLog<Struct>(*log)) {
    const auto event = line.fields().find("event");
    if (event != line.fields().end() && event->second.string_value() == "epoch") return false;
  }
  return true;
}

/// \error kAlreadyExists if the directory holds anything that a run does not leave when it is
/// killed before it writes its spec.
absl::Status CheckIsEmpty(const Directory& directory) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, directory.List());
  for (const std::string& name : names) {
    if (name != kLock && !IsTemporaryOf(name, kSpecFile)) {
      return RefuseOthersFiles(directory, absl::StrCat("there is no ", kSpecFile));
    }
  }
  return absl::OkStatus();
}

/// \error kAlreadyExists if the text is neither the spec of a search nor the spec of a training.
absl::Status CheckIsSpecOfARun(const Directory& directory, const std::string& text) {
  const std::string file = directory.PathOf(kSpecFile);
  ExperimentSpec search;
  const absl::Status of_search = ParseSpecInto(text, file, &search);
  if (of_search.ok() && search.has_name()) return absl::OkStatus();
  TrainSpec training;
  if (ParseSpecInto(text, file, &training).ok() && training.has_name()) return absl::OkStatus();
  return RefuseOthersFiles(directory, of_search.ok() ? absl::StrCat(file, " names no experiment")
                                                     : std::string(of_search.message()));
}

/// Whether a run that begins or resumes may write into the directory.
absl::Status CheckMayWrite(const Directory& directory, const Message& spec, RunStart start) {
  const absl::StatusOr<std::string> old_spec = directory.ReadFile(kSpecFile);
  if (absl::IsNotFound(old_spec.status())) {
    return start == RunStart::kResume ? NothingToResume(directory.path()) : CheckIsEmpty(directory);
  }
  if (!old_spec.ok()) return old_spec.status();
  const bool is_same = IsSameRun(*old_spec, spec);
  if (start == RunStart::kOverwrite) {
    return is_same ? absl::OkStatus() : CheckIsSpecOfARun(directory, *old_spec);
  }
  if (!is_same) {
    PDARTS_ASSIGN_OR_RETURN(const bool makes_way, NothingCameOf(directory));
    if (start == RunStart::kResumeOrBegin && makes_way)
      return CheckIsSpecOfARun(directory, *old_spec);
    return RefuseAnotherSpec(directory.path(),
                             Differences(*old_spec, spec, directory.PathOf(kSpecFile)));
  }
  PDARTS_ASSIGN_OR_RETURN(const bool is_finished, directory.Holds(kResultFile));
  if (is_finished) return Refuse(directory.path(), "a finished run");
  return absl::OkStatus();
}

/// Opens a run directory and reads one of its files.
/// \error kNotFound "`path` `lacks`: there is no `name` in it" if the file does not exist.
absl::StatusOr<std::string> ReadRunFile(const std::string& path, const std::string& name,
                                        absl::string_view lacks) {
  const auto read = [&]() -> absl::StatusOr<std::string> {
    PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Open(path));
    return directory.ReadFile(name);
  };
  absl::StatusOr<std::string> text = read();
  if (!absl::IsNotFound(text.status())) return text;
  return absl::NotFoundError(absl::StrCat(path, " ", lacks, ": there is no ", name, " in it"));
}

/// Reads a message from a JSON file. `lacks` has the meaning of ReadRunFile's parameter.
/// \error kDataLoss if the file does not parse or a number is not finite; as ReadRunFile.
absl::Status ReadJsonInto(const std::string& path, const std::string& name, absl::string_view lacks,
                          Message* message) {
  PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadRunFile(path, name, lacks));
  const std::string file = (fs::path(path) / name).string();
  PDARTS_RETURN_IF_ERROR(Annotate(ParseJson(text, message), file));
  if (const absl::Status finite = CheckFinite(*message); !finite.ok()) {
    return absl::DataLossError(absl::StrCat(file, ": ", finite.message()));
  }
  return absl::OkStatus();
}

absl::Status ReadResultInto(const std::string& path, Message* result) {
  return ReadJsonInto(path, kResultFile, "is not a finished run", result);
}

}  // namespace

RunDirectory::RunDirectory(std::unique_ptr<const Directory> directory, const Message& spec,
                           std::unique_ptr<RunLock> lock)
    : directory_(std::move(directory)),
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
  absl::StatusOr<Directory> opened = Directory::Open(path);
  if (opened.ok()) {
    PDARTS_RETURN_IF_ERROR(CheckMayWrite(*opened, spec, start));
  } else if (start == RunStart::kResume) {
    return NothingToResume(path);
  } else {
    opened = Directory::Create(path);
  }
  if (!opened.ok()) return opened.status();
  auto directory = std::make_unique<const Directory>(*std::move(opened));
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<RunLock> lock, RunLock::Take(*directory, kLock));
  // Another process may have written into the directory since the first check. The lock now
  // excludes other processes.
  PDARTS_RETURN_IF_ERROR(CheckMayWrite(*directory, spec, start));
  std::unique_ptr<RunDirectory> run(new RunDirectory(std::move(directory), spec, std::move(lock)));
  PDARTS_RETURN_IF_ERROR(run->RemoveTemporaries());
  PDARTS_ASSIGN_OR_RETURN(const bool has_checkpoint, HasCheckpoint(*run->directory_));
  if (start != RunStart::kOverwrite && has_checkpoint) {
    PDARTS_RETURN_IF_ERROR(run->Resume());
    return run;
  }
  PDARTS_ASSIGN_OR_RETURN(const bool has_begun, run->directory_->Holds(kSpecFile));
  if (start != RunStart::kOverwrite && has_begun) {
    run->notes_.push_back(
        absl::StrCat(path, " holds an unfinished run without a checkpoint: it starts over"));
  }
  PDARTS_RETURN_IF_ERROR(run->Begin());
  return run;
}

absl::Status RunDirectory::Write(const std::string& name, absl::string_view content,
                                 const std::string& keep_as) {
  PDARTS_RETURN_IF_ERROR(CheckHeld());
  const absl::Status written = WriteFileAtomically(*directory_, name, content, keep_as);
  // Nothing can be written into a directory that was removed meanwhile. The error then says that it
  // was removed.
  if (!written.ok()) PDARTS_RETURN_IF_ERROR(CheckHeld());
  return written;
}

absl::Status RunDirectory::Remove(const std::string& name) {
  PDARTS_RETURN_IF_ERROR(CheckHeld());
  return directory_->Remove(name);
}

absl::Status RunDirectory::RemoveTemporaries() {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, directory_->List());
  // If the log cannot be read, no report was written.
  const std::vector<std::string> drawings = DrawingsOf(directory_->ReadFile(kLogFile).value_or(""));
  for (const std::string& name : names) {
    const auto is_of = [&](absl::string_view file) { return IsTemporaryOf(name, file); };
    if (is_of(kSpecFile) || is_of(kResultFile) ||
        std::any_of(drawings.begin(), drawings.end(), is_of) ||
        std::any_of(std::begin(kCheckpoints), std::end(kCheckpoints), is_of) ||
        std::any_of(std::begin(kOutputs), std::end(kOutputs), is_of)) {
      PDARTS_RETURN_IF_ERROR(Remove(name));
    }
  }
  return absl::OkStatus();
}

absl::Status RunDirectory::RemoveCheckpoints() {
  for (const char* name : kCheckpoints) PDARTS_RETURN_IF_ERROR(Remove(name));
  return absl::OkStatus();
}

absl::Status RunDirectory::Clear() {
  // The result is removed first, because the remaining files are not a finished run.
  PDARTS_RETURN_IF_ERROR(Remove(kResultFile));
  PDARTS_RETURN_IF_ERROR(RemoveCheckpoints());
  for (const char* name : kOutputs) PDARTS_RETURN_IF_ERROR(Remove(name));
  const absl::StatusOr<std::string> log = directory_->ReadFile(kLogFile);
  if (log.ok()) {
    for (const std::string& name : DrawingsOf(*log)) {
      // The log may be damaged, and a remaining drawing does no harm.
      Remove(name).IgnoreError();
    }
  }
  return Remove(kLogFile);
}

absl::Status RunDirectory::Begin() {
  PDARTS_RETURN_IF_ERROR(Clear());
  PDARTS_RETURN_IF_ERROR(Write(kSpecFile, spec_text_));
  PDARTS_RETURN_IF_ERROR(log_.Open(*directory_, kLogFile));
  return OpenEvents("");
}

absl::Status RunDirectory::Resume() {
  PDARTS_RETURN_IF_ERROR(log_.Open(*directory_, kLogFile));
  PDARTS_ASSIGN_OR_RETURN(const bool has_newest, directory_->Holds(kCheckpoint));
  if (!has_newest) return ResumeFrom(kPreviousCheckpoint);
  const absl::Status newest = ResumeFrom(kCheckpoint);
  if (!absl::IsDataLoss(newest)) return newest;
  const absl::Status previous = ResumeFrom(kPreviousCheckpoint);
  if (!previous.ok()) {
    return absl::Status(previous.code(), absl::StrCat(newest.message(), "; ", previous.message(),
                                                      "; --overwrite starts the run over"));
  }
  // The damaged checkpoint must not replace the good one when the next checkpoint is written.
  PDARTS_RETURN_IF_ERROR(CheckHeld());
  PDARTS_RETURN_IF_ERROR(directory_->Rename(kCheckpoint, kDamagedCheckpoint));
  notes_.push_back(absl::StrCat(newest.message(), "; it is ", kDamagedCheckpoint,
                                " now, and the run resumes from the checkpoint before it"));
  return absl::OkStatus();
}

absl::Status RunDirectory::ResumeFrom(const std::string& file) {
  const std::string path = directory_->PathOf(file);
  PDARTS_ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadCheckpoint(*directory_, file));
  if (!IsSameRun(checkpoint.run.spec(), *spec_)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is of another spec (", Differences(checkpoint.run.spec(), *spec_, file),
        "); --overwrite starts over"));
  }
  PDARTS_RETURN_IF_ERROR(
      Annotate(log_.CutBack(checkpoint.run.log_bytes()), absl::StrCat(path, " needs more")));
  PDARTS_ASSIGN_OR_RETURN(const std::string log, directory_->ReadFile(kLogFile));
  PDARTS_RETURN_IF_ERROR(OpenEvents(log));
  last_checkpoint_ = absl::StrCat(path, " (", checkpoint.state.place, ")");
  checkpoint_ = std::move(checkpoint);
  return absl::OkStatus();
}

absl::Status RunDirectory::WriteCheckpoint(Checkpoint checkpoint) {
  PDARTS_ASSIGN_OR_RETURN(const int64_t log_bytes, log_.Sync());
  checkpoint.run.set_log_bytes(log_bytes);
  checkpoint.run.set_spec(spec_text_);
  PDARTS_RETURN_IF_ERROR(
      Write(kCheckpoint, EncodeCheckpoint(checkpoint), /*keep_as=*/kPreviousCheckpoint));
  last_checkpoint_ =
      absl::StrCat(directory_->PathOf(kCheckpoint), " (", checkpoint.state.place, ")");
  return absl::OkStatus();
}

absl::Status RunDirectory::OpenEvents(const std::string& log) {
  return spec_->GetDescriptor() == TrainSpec::descriptor()
             ? events_.Open(*directory_, kEvents, ParseLog<TrainEvent>(log))
             : events_.Open(*directory_, kEvents, ParseLog<LogEvent>(log));
}

template <class Event>
absl::Status RunDirectory::LogRecord(const Event& event) {
  PDARTS_RETURN_IF_ERROR(CheckHeld());
  PDARTS_RETURN_IF_ERROR(Annotate(CheckFinite(event), directory_->PathOf(kLogFile)));
  PDARTS_RETURN_IF_ERROR(log_.Append(ToJsonLine(event)));
  return events_.Append(event);
}

absl::Status RunDirectory::Log(const LogEvent& event) { return LogRecord(event); }

absl::Status RunDirectory::Log(const TrainEvent& event) { return LogRecord(event); }

absl::Status RunDirectory::WriteArchitecture(const DerivedArchitecture& architecture) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(architecture, &text);
  PDARTS_RETURN_IF_ERROR(Write(kArchitectureFile, text));
  DerivedArchitecture plain = architecture;
  plain.clear_trace();
  PDARTS_RETURN_IF_ERROR(Write(kArchitectureJson, ToJsonLine(plain) + "\n"));
  return Write(kGenotypeFile, absl::StrCat(architecture.text(), "\n"));
}

absl::Status RunDirectory::WriteWeightsOf(const torch::nn::Module& module, const std::string& name,
                                          const std::map<std::string, std::string>& metadata) {
  PDARTS_ASSIGN_OR_RETURN(const std::string content,
                          EncodeWeights(directory_->PathOf(name), ModuleState(module), metadata));
  return Write(name, content);
}

absl::Status RunDirectory::WriteSuperNet(const SuperNet& super_net) {
  return WriteWeightsOf(super_net, kSuperNet, {});
}

absl::Status RunDirectory::WriteModel(const Model& model) {
  const std::string json = ToJsonLine(model);
  PDARTS_RETURN_IF_ERROR(Write(kModelFile, json + "\n"));
  model_ = {{kModelMetadata, json}};
  return absl::OkStatus();
}

absl::Status RunDirectory::WriteLastWeights(const Network& network) {
  return WriteWeightsOf(network, kLast, model_);
}

absl::Status RunDirectory::WriteBestWeights(const Network& network) {
  return WriteWeightsOf(network, kBest, model_);
}

absl::Status RunDirectory::WriteSamples(const TrainingSamples& samples) {
  return Write(kSamples, ToJsonLine(samples) + "\n");
}

absl::Status RunDirectory::WriteMistakes(const TestMistakes& mistakes) {
  return Write(kMistakes, ToJsonLine(mistakes) + "\n");
}

absl::Status RunDirectory::WriteResult(const Message& result) {
  PDARTS_RETURN_IF_ERROR(Annotate(CheckFinite(result), directory_->PathOf(kResultFile)));
  PDARTS_RETURN_IF_ERROR(Write(kResultFile, ToJsonLine(result) + "\n"));
  return RemoveCheckpoints();
}

absl::StatusOr<ExperimentSpec> ReadRunSpec(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const std::string text,
                          ReadRunFile(path, kSpecFile, "is not a run directory"));
  return ParseSpec(text, RunSpecFile(path));
}

std::optional<TrainSpec> FindUnfinishedTraining(const std::string& path) {
  const absl::StatusOr<Directory> directory = Directory::Open(path);
  if (!directory.ok()) return std::nullopt;
  const absl::StatusOr<bool> has_checkpoint = HasCheckpoint(*directory);
  const absl::StatusOr<std::string> text = directory->ReadFile(kSpecFile);
  if (!has_checkpoint.ok() || !*has_checkpoint || !text.ok()) return std::nullopt;
  TrainSpec spec;
  if (!ParseRunSpec(*text, RunSpecFile(path), &spec).ok()) return std::nullopt;
  return spec;
}

absl::StatusOr<TrainSpec> ReadTrainingSpec(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const std::string text,
                          ReadRunFile(path, kSpecFile, "is not a run directory"));
  std::error_code error;
  if (!fs::exists(BestWeightsFile(path), error)) {
    return absl::NotFoundError(absl::StrCat(path, " holds no trained weights (", kBest,
                                            "): train it first, with pdarts train --run=", path));
  }
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(text, RunSpecFile(path), &spec));
  return spec;
}

std::string RunSpecFile(const std::string& run) { return (fs::path(run) / kSpecFile).string(); }

std::string BestWeightsFile(const std::string& run) { return (fs::path(run) / kBest).string(); }

std::string LastWeightsFile(const std::string& run) { return (fs::path(run) / kLast).string(); }

absl::StatusOr<RunResult> ReadRunResult(const std::string& path) {
  RunResult result;
  const absl::Status read = ReadResultInto(path, &result);
  if (!absl::IsDataLoss(read)) {
    PDARTS_RETURN_IF_ERROR(read);
    return result;
  }
  const absl::StatusOr<TrainResult> training = ReadTrainResult(path);
  if (!training.ok()) return read;
  return RowOf(*training);
}

absl::StatusOr<TrainResult> ReadTrainResult(const std::string& path) {
  TrainResult result;
  PDARTS_RETURN_IF_ERROR(ReadResultInto(path, &result));
  return result;
}

absl::StatusOr<TrainingSamples> ReadTrainingSamples(const std::string& path) {
  TrainingSamples samples;
  PDARTS_RETURN_IF_ERROR(
      ReadJsonInto(path, kSamples, "holds no pictures of training images", &samples));
  return samples;
}

absl::StatusOr<TestMistakes> ReadTestMistakes(const std::string& path) {
  TestMistakes mistakes;
  PDARTS_RETURN_IF_ERROR(
      ReadJsonInto(path, kMistakes, "holds no mistakes on test images", &mistakes));
  return mistakes;
}

absl::StatusOr<std::optional<RunResult>> FindFinishedRun(const std::string& path,
                                                         const Message& spec) {
  const absl::StatusOr<RunResult> result = ReadRunResult(path);
  if (absl::IsNotFound(result.status())) return std::nullopt;
  if (!result.ok()) return result.status();
  PDARTS_ASSIGN_OR_RETURN(const std::string text,
                          ReadRunFile(path, kSpecFile, "is not a run directory"));
  if (!IsSameRun(text, spec)) {
    return RefuseAnotherSpec(path, Differences(text, spec, RunSpecFile(path)));
  }
  return std::optional<RunResult>(*result);
}

}  // namespace pdarts
