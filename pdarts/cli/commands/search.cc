#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/search_flags.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

absl::StatusOr<ExperimentSpec> SpecFromFlags() {
  const std::string file = absl::GetFlag(FLAGS_spec);
  if (file.empty()) return absl::InvalidArgumentError("search needs --spec=FILE");
  return ReadSpecFile(UserPath(file));
}

absl::Status Search(const std::vector<std::string>&, ProcessGroup& processes) {
  return SearchFromFlags(SpecFromFlags(), processes);
}

}  // namespace

Command SearchCommand() {
  std::vector<std::string> flags = SearchFlags();
  flags.push_back("spec");
  Command command = {"search",
                     "--spec=FILE",
                     "run a progressive search",
                     flags,
                     /*run=*/{},
                     /*takes_arguments=*/false,
                     {{"--spec=mine.textproto --dry_run",
                       "the content of the stages, and the memory that they need"},
                      {"--spec=mine.textproto --seed=3 --set=search.batch_size=32",
                       "another seed and batch size"}}};
  command.run_in_several = &Search;
  return command;
}

}  // namespace pdarts
