#include "pdarts/runs/run_directory.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/safetensors.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kSpec[] = "spec.textproto";
constexpr char kLog[] = "log.jsonl";
constexpr char kArchitecture[] = "architecture.textproto";
constexpr char kGenotype[] = "genotype.txt";
constexpr char kSuperNet[] = "supernet.safetensors";
constexpr char kResult[] = "result.json";

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (file) content << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat("can't read ", path.string()));
  return content.str();
}

absl::Status CheckMayWrite(const fs::path& path, const std::string& spec_text) {
  std::error_code error;
  if (!fs::exists(path, error)) return absl::OkStatus();
  const bool empty = fs::is_empty(path, error);
  if (error || empty) return absl::OkStatus();
  const auto refuse = [&](absl::string_view holds) {
    return absl::AlreadyExistsError(absl::StrCat(path.string(), " holds ", holds,
                                                 "; choose another --output_dir, or --overwrite"));
  };
  const absl::StatusOr<std::string> old_spec = ReadFile(path / kSpec);
  if (!old_spec.ok()) return refuse("files that are no run of pdarts");
  if (*old_spec != spec_text) return refuse("a run of another spec");
  if (fs::exists(path / kResult, error)) return refuse("a finished run");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunDirectory>> RunDirectory::Create(const std::string& path,
                                                                   const ExperimentSpec& spec,
                                                                   bool overwrite) {
  const std::string spec_text = PrintSpec(spec);
  if (!overwrite) PDARTS_RETURN_IF_ERROR(CheckMayWrite(path, spec_text));
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("can't make the output directory ", path, ": ", error.message()));
  }
  for (const char* name : {kResult, kLog, kArchitecture, kGenotype, kSuperNet, kSpec}) {
    fs::remove(fs::path(path) / name, error);
  }
  std::unique_ptr<RunDirectory> directory(new RunDirectory(path));
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(directory->File(kSpec), spec_text));
  PDARTS_RETURN_IF_ERROR(directory->log_.Open(directory->File(kLog)));
  return directory;
}

std::string RunDirectory::File(absl::string_view name) const {
  return (fs::path(path_) / std::string(name)).string();
}

absl::Status RunDirectory::Log(const LogEvent& event) { return log_.Append(ToJsonLine(event)); }

absl::Status RunDirectory::WriteArchitecture(const DerivedArchitecture& architecture) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(architecture, &text);
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(File(kArchitecture), text));
  return WriteFileAtomically(File(kGenotype), absl::StrCat(architecture.text(), "\n"));
}

absl::Status RunDirectory::WriteSuperNet(const SuperNet& net) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& item : net.named_parameters()) tensors.emplace_back(item.key(), item.value());
  for (const auto& item : net.named_buffers()) tensors.emplace_back(item.key(), item.value());
  return WriteSafetensors(File(kSuperNet), tensors, {{"format", "pt"}});
}

absl::Status RunDirectory::WriteResult(const RunResult& result) {
  return WriteFileAtomically(File(kResult), ToJsonLine(result) + "\n");
}

absl::StatusOr<ExperimentSpec> ReadRunSpec(const std::string& path) {
  const std::string file = (fs::path(path) / kSpec).string();
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) {
    return absl::NotFoundError(
        absl::StrCat(path, " is no run directory: there is no readable ", kSpec, " in it"));
  }
  return ParseSpec(*text, file);
}

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
  const auto status = google::protobuf::util::JsonStringToMessage(*text, &result);
  if (!status.ok()) {
    return absl::DataLossError(
        absl::StrCat(file, " is no RunResult: ", std::string(status.message())));
  }
  return result;
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  CHECK(status.ok()) << status.ToString();
  return json;
}

}  // namespace pdarts
