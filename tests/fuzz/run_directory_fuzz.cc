// Input: complete run directories. An input is a list of files. A file begins with the line "===
// NAME", and its content ends at the next such line.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "glog/logging.h"
#include "pdarts/base/file.h"
#include "pdarts/report/report.h"
#include "pdarts/runs/model.h"
#include "pdarts/runs/run_directory.h"
#include "tests/fuzz/check_page.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kBegin[] = "=== ";
constexpr int kScripts = 3;  ///< number of scripts in a page

/// Whether commands read a file of this name from a run. Other names, and paths, are not written.
bool IsReadFromARun(const std::string& name) {
  return name == "spec.textproto" || name == "log.jsonl" || name == "architecture.textproto" ||
         name == "result.json" || name == "samples.json" || name == "mistakes.json" ||
         name == pdarts::kModelFile;
}

void WriteFiles(const fs::path& run, const std::string& input) {
  std::ofstream file;
  for (const absl::string_view line : absl::StrSplit(input, '\n')) {
    absl::string_view name = line;
    if (!absl::ConsumePrefix(&name, kBegin)) {
      if (file.is_open()) file << line << "\n";
      continue;
    }
    file.close();
    file.clear();
    if (IsReadFromARun(std::string(name))) file.open(run / std::string(name), std::ios::binary);
  }
}

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

}  // namespace
}  // namespace pdarts

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace fs = std::filesystem;
  std::string folder = (fs::temp_directory_path() / "run_directory_fuzz_XXXXXX").string();
  PCHECK(mkdtemp(folder.data()) != nullptr);
  const fs::path run = fs::path(folder) / "run";
  fs::create_directory(run);
  pdarts::WriteFiles(run, std::string(reinterpret_cast<const char*>(data), size));
  const std::string page = (run / "report.html").string();
  if (pdarts::WriteReport(run.string()).ok()) {
    pdarts::CheckPage(pdarts::ReadFile(page).value(), pdarts::kScripts);
  }
  if (pdarts::WriteComparison({run.string(), run.string()}, page).ok()) {
    pdarts::CheckPage(pdarts::ReadFile(page).value(), pdarts::kScripts);
  }
  (void)pdarts::ReadTrainingSpec(run.string());
  (void)pdarts::ReadRunModel(run.string());
  // No file was written beside the run.
  CHECK_EQ(pdarts::NamesIn(folder).size(), 1u);
  fs::remove_all(folder);
  return 0;
}
