#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/search_experiment.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

absl::Status Search(const std::vector<std::string>&) {
  const std::string file = absl::GetFlag(FLAGS_spec);
  if (file.empty()) return absl::InvalidArgumentError("search needs --spec=FILE");
  PDARTS_ASSIGN_OR_RETURN(ExperimentSpec spec, ReadSpecFile(UserPath(file)));
  return SearchExperiment(std::move(spec));
}

}  // namespace

Command SearchCommand() {
  std::vector<std::string> flags = SearchFlags();
  flags.push_back("spec");
  return {
      "search",
      "--spec=FILE",
      "run a progressive search",
      flags,
      &Search,
      /*takes_arguments=*/false,
      {{"--spec=mine.textproto --dry_run", "what the stages hold, and the memory that they need"},
       {"--spec=mine.textproto --seed=3 --set=search.batch_size=32",
        "another seed and batch size"}}};
}

}  // namespace pdarts
