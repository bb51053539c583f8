#include "pdarts/cli/flags.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "gflags/gflags.h"
#include "pdarts/cli/interrupt.h"
#include "pdarts/cli/logging.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/nn/kernels/memory.h"
#include "pdarts/runs/atomic_file.h"

ABSL_FLAG(pdarts::StringList, set, {},
          "path.to.field=value: change one field of the spec; may be given several times");
ABSL_FLAG(int64_t, seed, -1, "seed of the run, instead of the spec's");
ABSL_FLAG(std::string, data_dir, "",
          "folder that holds datasets (cifar-10-batches-bin/, cifar-100-binary/); else the "
          "environment's PDARTS_DATA_DIR, else the spec's field");
ABSL_FLAG(std::string, output_dir, "",
          "where the run is written; else runs/<name>-seed<seed> where the command was typed");
ABSL_FLAG(std::string, output, "",
          "file to write. convert: NAME.pt, NAME.pth or NAME.safetensors; report: the page of "
          "several runs side by side (default for several: comparison.html)");
ABSL_FLAG(std::string, device, "", "auto, cpu, cuda or cuda:N, instead of the spec's");
ABSL_FLAG(int, threads, 0,
          "threads of LibTorch's operators, at most four a processor; 0: one a core");
ABSL_FLAG(bool, dry_run, false, "build each stage, print what it holds, and stop");
ABSL_FLAG(bool, overwrite, false, "replace a run that the output directory holds already");
ABSL_FLAG(bool, resume, false,
          "only go on with a run that the output directory holds unfinished; without this flag an "
          "unfinished run of the same spec is gone on with too, and else a new one begins");
ABSL_FLAG(
    double, checkpoint_minutes, 10,
    "a checkpoint is written at every epoch's end, and within an epoch after so many minutes; "
    "0: after every step");
ABSL_FLAG(bool, allow_swap, false, "start even if the estimated memory is not free");
ABSL_FLAG(bool, json, false, "print one JSON object on one line of standard output");
ABSL_FLAG(std::string, spec, "", "file of the experiment's spec");
ABSL_FLAG(std::string, run, "", "directory of a run");
ABSL_FLAG(
    std::string, space, "",
    "search space that an architecture belongs to; empty: the only one of this program, or darts");

namespace pdarts {
namespace {

std::vector<std::string>& CommandLine() {
  static auto* words = new std::vector<std::string>;
  return *words;
}

std::vector<std::string>& GivenFlags() {
  static auto* given = new std::vector<std::string>;
  return *given;
}

/// Shortens how long LibTorch's threads spin before they sleep, unless the user chose. By default
/// they spin through whole time slices, and a program that shares its cores with others slows down
/// tenfold and more. The thread pool reads its setting while it is loaded, so the program starts
/// itself anew.
void LimitSpinning(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "20000", /*overwrite=*/1);  // no slower on idle cores than the default
  execv("/proc/self/exe", argv);  // comes back only if it fails: then the default stays
}

/// Name of a flag argument, without dashes, "no" and value; empty if it is none.
std::string FlagName(absl::string_view argument) {
  if (!absl::ConsumePrefix(&argument, "-")) return "";
  absl::ConsumePrefix(&argument, "-");
  return std::string(argument.substr(0, argument.find('=')));
}

/// Hands an argument to glog if it is one of its flags.
bool SetGlogFlag(absl::string_view argument) {
  const std::string name = FlagName(argument);
  gflags::CommandLineFlagInfo info;
  if (name.empty() || !gflags::GetCommandLineFlagInfo(name.c_str(), &info) ||
      !(absl::StrContains(info.filename, "logging") || absl::StrContains(info.filename, "vlog"))) {
    return false;
  }
  const size_t equals = argument.find('=');
  const std::string value =
      equals == absl::string_view::npos ? "true" : std::string(argument.substr(equals + 1));
  if (gflags::SetCommandLineOption(name.c_str(), value.c_str()).empty()) {
    std::cerr << "error: --" << name << ": \"" << value << "\" is not a " << info.type << "\n";
    std::exit(1);
  }
  return true;
}

}  // namespace

bool AbslParseFlag(absl::string_view text, StringList* list, std::string* error) {
  // Called once an occurrence, each time with a fresh list: the occurrences are gathered here.
  static auto* gathered = new std::vector<std::string>;
  if (!text.empty()) gathered->emplace_back(text);
  list->values = *gathered;
  return true;
}

std::string AbslUnparseFlag(const StringList& list) { return absl::StrJoin(list.values, " "); }

std::vector<std::string> InitProgram(int argc, char** argv, absl::string_view usage) {
  LimitSpinning(argv);
  CommandLine().assign(argv, argv + argc);
  // `bazel run` starts a program among its runfiles; every path is meant from where it was typed.
  const char* typed_in = std::getenv("BUILD_WORKING_DIRECTORY");
  if (typed_in != nullptr && chdir(typed_in) != 0) {
    std::cerr << "error: can't change to " << typed_in << "\n";
    std::exit(1);
  }
  nn::KeepFreedMemory();
  ReportFileSizeLimitAsError();
  absl::SetProgramUsageMessage(absl::StrCat(
      usage, "\n\nLogging takes glog's flags: --v, --log_dir, --minloglevel, --vmodule, ..."));
  std::vector<char*> ours = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    if (!SetGlogFlag(argv[i])) ours.push_back(argv[i]);
  }
  StartLogging(argv[0]);
  for (size_t i = 1; i < ours.size(); ++i) {
    const std::string name = FlagName(ours[i]);
    if (!name.empty()) GivenFlags().push_back(name);
  }
  const std::vector<char*> positional =
      absl::ParseCommandLine(static_cast<int>(ours.size()), ours.data());
  return std::vector<std::string>(positional.begin() + 1, positional.end());
}

absl::Status CheckFlagsOf(absl::string_view command, const std::vector<std::string>& taken) {
  for (const std::string& given : GivenFlags()) {
    absl::string_view positive = given;
    absl::ConsumePrefix(&positive, "no");
    const bool known = std::any_of(taken.begin(), taken.end(), [&](const std::string& flag) {
      return flag == given || flag == positive;
    });
    if (!known) {
      return absl::InvalidArgumentError(absl::StrCat(
          command, " takes no --", given, "; it takes: --", absl::StrJoin(taken, ", --")));
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> SearchFlags() {
  return {"seed",      "data_dir", "output_dir",         "device",     "threads", "set", "dry_run",
          "overwrite", "resume",   "checkpoint_minutes", "allow_swap", "json"};
}

std::string DataDirFromFlags() {
  if (const std::string flag = absl::GetFlag(FLAGS_data_dir); !flag.empty()) return UserPath(flag);
  const char* variable = std::getenv("PDARTS_DATA_DIR");
  return variable == nullptr || *variable == '\0' ? "" : UserPath(variable);
}

std::string UserPath(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

absl::Status ApplyFlags(google::protobuf::Message* spec) {
  PDARTS_RETURN_IF_ERROR(CompleteSpec(spec));
  for (const std::string& assignment : absl::GetFlag(FLAGS_set).values) {
    PDARTS_RETURN_IF_ERROR(Annotate(SetField(spec, assignment), "--set"));
  }
  if (const int64_t seed = absl::GetFlag(FLAGS_seed); seed != -1) {
    PDARTS_RETURN_IF_ERROR(SetField(spec, absl::StrCat("seed=", seed)));
  }
  if (const std::string device = absl::GetFlag(FLAGS_device); !device.empty()) {
    PDARTS_RETURN_IF_ERROR(SetField(spec, absl::StrCat("device=", device)));
  }
  return CompleteSpec(spec);
}

std::string OutputDirFromFlags(const ExperimentSpec& spec) {
  return OutputDirFromFlags(spec.name(), spec.seed());
}

std::string OutputDirFromFlags(const std::string& name, int64_t seed) {
  const std::string flag = absl::GetFlag(FLAGS_output_dir);
  return UserPath(flag.empty() ? absl::StrCat("runs/", name, "-seed", seed) : flag);
}

std::string CommandToGoOn() {
  std::vector<std::string> words;
  for (const std::string& word : CommandLine()) {
    if (FlagName(word) == "overwrite") continue;
    const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_./=:,+", c);
    });
    words.push_back(plain ? word
                          : absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'"));
  }
  return absl::StrJoin(words, " ");
}

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  if (absl::IsCancelled(status)) {
    std::cerr << status.message() << "\n";
    return 128 + InterruptSignal();
  }
  std::cerr << "error: " << status.message() << "\n";
  return 1;
}

}  // namespace pdarts
