#include "pdarts/runs/model_zoo.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "google/protobuf/message.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/trace_check.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/runs/search_row.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {kSpecFile, kResultFile, kArchitectureFile, kGenotypeFile,
                                  kLogFile};

/// The fields of a row that are known only from the result.
constexpr const char* kMeasured[] = {"mem_gb", "supernet_top1", "supernet_top5", "search_cost_s",
                                     "finished"};

// --- paths of machines ---

bool IsWordCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || byte >= 0x80 || c == '_';
}

/// The absolute path that begins at `at`; empty if no absolute path begins there. A slash within a
/// word, a relative path, a type or an address does not begin an absolute path.
absl::string_view PathAt(absl::string_view text, size_t at) {
  if (text[at] != '/' || at + 1 == text.size()) return "";
  if (!IsWordCharacter(text[at + 1]) && text[at + 1] != '.') return "";
  if (at > 0 && (IsWordCharacter(text[at - 1]) || absl::StrContains("/.-~)]}%", text[at - 1]))) {
    return "";
  }
  size_t end = at;
  while (end < text.size() && !absl::ascii_isspace(static_cast<unsigned char>(text[end])) &&
         !absl::StrContains("\"'\\<>()[]{},;|", text[end])) {
    ++end;
  }
  return text.substr(at, end - at);
}

/// The first absolute path in a text; empty if there is none.
absl::string_view FindPath(absl::string_view text) {
  for (size_t at = text.find('/'); at != text.npos; at = text.find('/', at + 1)) {
    if (const absl::string_view path = PathAt(text, at); !path.empty()) return path;
  }
  return "";
}

/// The text, with each absolute path replaced by its last component.
std::string WithoutPaths(absl::string_view text) {
  std::string clean;
  while (true) {
    const absl::string_view path = FindPath(text);
    if (path.empty()) return absl::StrCat(clean, text);
    absl::string_view name = path;
    while (absl::ConsumeSuffix(&name, "/")) {
    }
    absl::StrAppend(&clean, text.substr(0, path.data() - text.data()),
                    name.substr(name.rfind('/') + 1));
    text.remove_prefix(path.data() - text.data() + path.size());
  }
}

// --- the log ---

struct LogLine {
  absl::string_view text;  ///< including its line end
  LogEvent event;
};

/// \error kDataLoss naming the line that does not parse.
absl::StatusOr<std::vector<LogLine>> ParseLog(absl::string_view log) {
  std::vector<LogLine> lines;
  while (!log.empty()) {
    LogLine line;
    const size_t end = std::min(log.find('\n'), log.size() - 1);
    line.text = log.substr(0, end + 1);
    log.remove_prefix(end + 1);
    PDARTS_RETURN_IF_ERROR(Annotate(ParseJson(std::string(line.text), &line.event),
                                    absl::StrCat(kLogFile, ":", lines.size() + 1)));
    lines.push_back(std::move(line));
  }
  return lines;
}

/// The log with as many epochs as fit into `most` bytes: all epochs, or every second, every third,
/// ... epoch and the last epoch of each stage. \error as ParseLog.
absl::StatusOr<std::string> ThinLog(const std::string& log, int64_t most) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<LogLine> lines, ParseLog(log));
  int epochs = 1;
  for (const LogLine& line : lines) epochs = std::max(epochs, line.event.epochs());
  std::string thin;
  for (int step = 1; step <= epochs; ++step) {
    thin.clear();
    for (const LogLine& line : lines) {
      const LogEvent& event = line.event;
      if (event.event() != "epoch" || event.epoch() % step == 0 ||
          event.epoch() == event.epochs()) {
        absl::StrAppend(&thin, line.text);
      }
    }
    if (static_cast<int64_t>(thin.size()) <= most) break;
  }
  return thin;
}

/// \error kInvalidArgument if the log does not belong to a finished search that derived `genotype`.
absl::Status CheckLog(const std::string& log, const std::string& genotype) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<LogLine> lines, ParseLog(log));
  if (lines.empty() || lines.back().event.event() != "run_end") {
    return absl::InvalidArgumentError(
        absl::StrCat(kLogFile, ": its last event is not run_end, so the search is not finished"));
  }
  for (const LogLine& line : lines) {
    if (line.event.event() == "derivation" && line.event.architecture() == genotype) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(kLogFile,
                                                 ": no event derivation has the architecture of ",
                                                 kArchitectureFile, ": ", genotype));
}

// --- checks ---

using Contents = std::map<std::string, std::string>;

int64_t SizeOf(const Contents& contents) {
  int64_t bytes = 0;
  for (const auto& [name, content] : contents) bytes += static_cast<int64_t>(content.size());
  return bytes;
}

/// Reads the five files. \error kNotFound naming a missing file; as Directory::ReadFile.
absl::StatusOr<Contents> ReadContents(const std::string& run) {
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Open(run));
  Contents contents;
  for (const char* name : kFiles) {
    PDARTS_ASSIGN_OR_RETURN(contents[name], directory.ReadFile(name));
  }
  return contents;
}

/// \error kInvalidArgument naming an entry of the folder that does not belong into a zoo.
absl::Status CheckNothingElse(const std::string& run) {
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Open(run));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, directory.List());
  for (const std::string& name : names) {
    if (std::find(std::begin(kFiles), std::end(kFiles), name) != std::end(kFiles)) continue;
    return absl::InvalidArgumentError(absl::StrCat(name, ": a model zoo holds nothing but ",
                                                   absl::StrJoin(kFiles, ", "), " of a run"));
  }
  return absl::OkStatus();
}

/// \error kInvalidArgument naming a field whose value differs from the expected row, or a measured
/// number that the result lacks.
absl::Status CheckResult(const RunResult& result, const RunResult& expected) {
  const google::protobuf::Reflection& reflection = *result.GetReflection();
  for (const char* name : kMeasured) {
    if (reflection.HasField(result, RunResult::descriptor()->FindFieldByName(name))) continue;
    return absl::InvalidArgumentError(absl::StrCat(kResultFile, ": ", name, " is missing"));
  }
  RunResult should_be = expected, is = result;
  // Results of earlier versions lack the size of the network.
  if (!result.has_network_cells()) should_be.clear_network_cells();
  if (!result.has_network_channels()) should_be.clear_network_channels();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(result, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const bool is_expected = field->is_repeated() ? reflection.FieldSize(should_be, field) > 0
                                                  : reflection.HasField(should_be, field);
    if (!is_expected) reflection.ClearField(&is, field);
  }
  const std::string differences = MessageDifferences(is, should_be);
  if (differences.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(kResultFile, " does not fit the spec and the architecture: ", differences));
}

/// <name>-seed<seed>.
std::string FolderOf(const ExperimentSpec& spec) { return RunName(spec.name(), spec.seed()); }

/// Does all checks of CheckZooRun except the check of the folder's name. \return the spec of the
/// run.
absl::StatusOr<ExperimentSpec> CheckContents(const std::string& run) {
  PDARTS_RETURN_IF_ERROR(CheckNothingElse(run));
  PDARTS_ASSIGN_OR_RETURN(const Contents contents, ReadContents(run));
  if (const int64_t bytes = SizeOf(contents); bytes > kMostZooBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the files have ", bytes, " bytes, at most ", kMostZooBytes, " are allowed"));
  }
  for (const auto& [name, content] : contents) {
    if (const absl::string_view path = FindPath(content); !path.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": ", path, " is a path of the machine that the search ran on"));
    }
  }
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ReadRunSpec(run));
  auto experiment = MakeExperiment(std::move(spec));
  if (!experiment.ok()) return Annotate(experiment.status(), kSpecFile);
  PDARTS_ASSIGN_OR_RETURN(const DerivedArchitecture found, ReadRunDerivation(run, *experiment));
  const StageEdges end = LastStageOf(experiment->space->topology(), found.trace());
  const auto again =
      experiment->space->Derive(end.candidates, end.probabilities, experiment->derivation_options);
  if (!again.ok()) return Annotate(again.status(), absl::StrCat(kArchitectureFile, ": trace"));
  PDARTS_ASSIGN_OR_RETURN(const RunResult row, SearchRow(*experiment, again->architecture));
  if (row.genotype() != found.text()) {
    return absl::InvalidArgumentError(absl::StrCat(kArchitectureFile, ": the trace derives ",
                                                   row.genotype(), ", but the text is ",
                                                   found.text()));
  }
  if (const std::string text(absl::StripAsciiWhitespace(contents.at(kGenotypeFile)));
      text != found.text()) {
    return absl::InvalidArgumentError(absl::StrCat(kGenotypeFile, " is ", text, ", but ",
                                                   kArchitectureFile, " has ", found.text()));
  }
  PDARTS_ASSIGN_OR_RETURN(const RunResult result, ReadRunResult(run));
  PDARTS_RETURN_IF_ERROR(CheckResult(result, row));
  PDARTS_RETURN_IF_ERROR(CheckLog(contents.at(kLogFile), found.text()));
  return experiment->spec;
}

/// \error kInvalidArgument if the run is not a finished search, or if its name cannot be the name
/// of a folder.
absl::StatusOr<std::string> FolderInZoo(const std::string& run) {
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> spec,
                          ReadAnyRunSpec(run));
  if (IsTraining(*spec)) {
    return absl::InvalidArgumentError(
        absl::StrCat(run, " is a training; a model zoo holds searches"));
  }
  const absl::StatusOr<RunResult> result = ReadRunResult(run);
  if (absl::IsNotFound(result.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat(run, " is not finished: there is no ", kResultFile, " in it"));
  }
  PDARTS_RETURN_IF_ERROR(result.status());
  const std::string folder = FolderOf(static_cast<const ExperimentSpec&>(*spec));
  const bool names_a_folder = std::all_of(folder.begin(), folder.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-.+", c);
  });
  if (names_a_folder) return folder;
  return absl::InvalidArgumentError(absl::StrCat(
      run, "/", kSpecFile, ": name: \"", static_cast<const ExperimentSpec&>(*spec).name(),
      "\" has other characters than letters, digits, _, -, . and +"));
}

/// The files in the form in which a zoo holds them. \error kResourceExhausted if they are too
/// large.
absl::StatusOr<Contents> ContentsForZoo(const std::string& run) {
  PDARTS_ASSIGN_OR_RETURN(Contents contents, ReadContents(run));
  for (auto& [name, content] : contents) content = WithoutPaths(content);
  std::string log = std::move(contents[kLogFile]);
  contents[kLogFile].clear();
  PDARTS_ASSIGN_OR_RETURN(contents[kLogFile], ThinLog(log, kMostZooBytes - SizeOf(contents)));
  if (const int64_t bytes = SizeOf(contents); bytes > kMostZooBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(run, ": its files have ", bytes,
                                                     " bytes with one epoch a stage in ", kLogFile,
                                                     ", at most ", kMostZooBytes, " are allowed"));
  }
  return contents;
}

absl::Status WriteAndCheck(const Contents& contents, const std::string& folder) {
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Create(folder));
  for (const auto& [name, content] : contents) {
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(directory, name, content));
  }
  return CheckContents(folder).status();
}

}  // namespace

absl::StatusOr<std::string> AddToZoo(const std::string& run, const std::string& zoo) {
  PDARTS_ASSIGN_OR_RETURN(const std::string name, FolderInZoo(run));
  const std::string folder = (fs::path(zoo) / name).string();
  std::error_code error;
  if (fs::exists(fs::symlink_status(folder, error))) {
    return absl::AlreadyExistsError(
        absl::StrCat(folder, " exists; remove it first to replace the run"));
  }
  PDARTS_ASSIGN_OR_RETURN(const Contents contents, ContentsForZoo(run));
  const std::string unfinished = absl::StrCat(folder, ".tmp");
  fs::remove_all(unfinished, error);
  absl::Status status = Annotate(WriteAndCheck(contents, unfinished), run);
  if (status.ok()) status = RenameForGood(unfinished, folder);
  if (!status.ok()) {
    fs::remove_all(unfinished, error);
    return status;
  }
  return folder;
}

absl::Status CheckZooRun(const std::string& run) {
  const absl::StatusOr<ExperimentSpec> spec = CheckContents(run);
  if (!spec.ok()) return Annotate(spec.status(), run);
  if (const std::string name = FolderOf(*spec); fs::path(run).filename() != name) {
    return absl::InvalidArgumentError(absl::StrCat(run, ": the folder's name is not ", name));
  }
  return absl::OkStatus();
}

}  // namespace pdarts
