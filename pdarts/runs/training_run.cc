#include "pdarts/runs/training_run.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "pdarts/core/process.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/weights.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kSpec[] = "spec.textproto";
constexpr char kLog[] = "log.jsonl";
constexpr char kArchitecture[] = "architecture.textproto";
constexpr char kArchitectureJson[] = "architecture.json";
constexpr char kGenotype[] = "genotype.txt";
constexpr char kBest[] = "best.safetensors";
constexpr char kLast[] = "last.safetensors";
constexpr char kResult[] = "result.json";
constexpr char kLock[] = "lock";

absl::Status CheckMayWrite(const fs::path& path, const TrainSpec& spec) {
  const auto refuse = [&](absl::string_view holds) {
    return absl::AlreadyExistsError(absl::StrCat(path.string(), " holds ", holds,
                                                 "; choose another --output_dir, or --overwrite"));
  };
  std::error_code error;
  std::ifstream file(path / kSpec, std::ios::binary);
  if (!file) {
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.path().filename() != kLock) return refuse("files that are no training of pdarts");
    }
    return absl::OkStatus();
  }
  std::ostringstream before;
  before << file.rdbuf();
  if (before.str() != PrintSpec(spec)) return refuse("a run of another spec");
  if (fs::exists(path / kResult, error)) return refuse("a finished run");
  return absl::OkStatus();
}

}  // namespace

TrainingRun::TrainingRun(std::string path, std::unique_ptr<RunLock> lock)
    : path_(std::move(path)), lock_(std::move(lock)), begin_(std::chrono::steady_clock::now()) {}

absl::StatusOr<std::unique_ptr<TrainingRun>> TrainingRun::Create(
    const std::string& path, const TrainSpec& spec, const DerivedArchitecture& architecture,
    bool overwrite) {
  if (!overwrite) PDARTS_RETURN_IF_ERROR(CheckMayWrite(path, spec));
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("can't make the output directory ", path, ": ", error.message()));
  }
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<RunLock> lock,
                          RunLock::Take((fs::path(path) / kLock).string()));
  std::unique_ptr<TrainingRun> run(new TrainingRun(path, std::move(lock)));
  for (const char* name :
       {kResult, kLog, kArchitecture, kArchitectureJson, kGenotype, kBest, kLast, kSpec}) {
    fs::remove(run->File(name), error);
  }
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(run->File(kSpec), PrintSpec(spec)));
  PDARTS_RETURN_IF_ERROR(run->log_.Open(run->File(kLog)));
  std::string text;
  google::protobuf::TextFormat::PrintToString(architecture, &text);
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(run->File(kArchitecture), text));
  PDARTS_RETURN_IF_ERROR(
      WriteFileAtomically(run->File(kArchitectureJson), ToJsonLine(architecture) + "\n"));
  PDARTS_RETURN_IF_ERROR(
      WriteFileAtomically(run->File(kGenotype), absl::StrCat(architecture.text(), "\n")));
  return run;
}

std::string TrainingRun::File(absl::string_view name) const {
  return (fs::path(path_) / std::string(name)).string();
}

double TrainingRun::Elapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

absl::Status TrainingRun::Log(const std::string& event, TrainEvent details) {
  details.set_event(event);
  details.set_time(TimeNow());
  details.set_elapsed_s(Elapsed());
  details.set_peak_memory_mb(static_cast<double>(PeakResidentBytes()) / 1e6);
  return log_.Append(ToJsonLine(details));
}

absl::Status TrainingRun::OnEpochEnd(const TrainEpochReport& report) {
  TrainEvent event;
  event.set_epoch(report.position.epoch + 1);
  event.set_epochs(report.position.epochs);
  event.set_train_loss(report.train.loss);
  event.set_train_top1(report.train.top1);
  event.set_train_top5(report.train.top5);
  event.set_test_loss(report.test.loss);
  event.set_test_top1(report.test.top1);
  event.set_test_top5(report.test.top5);
  event.set_learning_rate(report.learning_rate);
  event.set_drop_path(report.drop_path);
  event.set_best(report.is_best);
  event.set_seconds(report.seconds);
  event.set_images_per_second(report.images_per_second);
  PDARTS_RETURN_IF_ERROR(Log("epoch", event));
  const NamedTensors state = ModuleState(*report.measured);
  PDARTS_RETURN_IF_ERROR(WriteWeights(File(kLast), state));
  return report.is_best ? WriteWeights(File(kBest), state) : absl::OkStatus();
}

absl::Status TrainingRun::WriteResult(const TrainResult& result) {
  return WriteFileAtomically(File(kResult), ToJsonLine(result) + "\n");
}

std::string BestWeightsFile(const std::string& run) { return (fs::path(run) / kBest).string(); }

absl::StatusOr<TrainSpec> ReadTrainingSpec(const std::string& path) {
  std::error_code error;
  const std::string file = (fs::path(path) / kSpec).string();
  if (!fs::exists(file, error)) {
    return absl::NotFoundError(
        absl::StrCat(path, " is no run directory: there is no ", kSpec, " in it"));
  }
  if (!fs::exists(BestWeightsFile(path), error)) {
    return absl::NotFoundError(absl::StrCat(path, " holds no trained weights (", kBest,
                                            "): train it first, with pdarts train --run=", path));
  }
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ReadSpecFileInto(file, &spec));
  return spec;
}

}  // namespace pdarts
