// The main program of a pdarts_experiment target: a search with the spec that is built into the
// program.

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/cli/embedded_spec.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/program.h"
#include "pdarts/cli/search_flags.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

absl::Status SearchEmbeddedSpec(const std::vector<std::string>&, ProcessGroup& processes) {
  return SearchFromFlags(ParseSpec(kEmbeddedSpec, kEmbeddedSpecFile), processes);
}

Program ExperimentProgram(const char* path) {
  Command search;
  search.purpose = absl::StrCat("run the search of ", kEmbeddedSpecFile);
  search.flags = SearchFlags();
  search.run_in_several = &SearchEmbeddedSpec;
  search.examples = {{"--dry_run", "the content of the stages, and the memory that they need"},
                     {"--seed=3 --set=search.batch_size=32", "another seed and batch size"}};
  return {std::filesystem::path(path).filename().string(), search.purpose, {search}};
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  return pdarts::RunProgram(argc, argv, pdarts::ExperimentProgram(argv[0]));
}
