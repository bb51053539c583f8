#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/train_flags.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

absl::StatusOr<TrainSpec> SpecFromFlags() {
  const std::string file = absl::GetFlag(FLAGS_spec);
  if (file.empty()) return MakeTrainSpecFromFlags();
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ReadSpecFileInto(UserPath(file), &spec));
  return spec;
}

absl::Status Train(const std::vector<std::string>&, ProcessGroup& processes) {
  return TrainFromFlags(SpecFromFlags(), processes);
}

}  // namespace

Command TrainCommand() {
  std::vector<std::string> flags = TrainFlags();
  for (const char* flag : {"spec", "space", "dataset"}) flags.push_back(flag);
  Command command = {"train",
                     "--run=DIR | --space=NAME --genotype=TEXT|FILE|RUN|NAME [--spec=FILE]",
                     "train an architecture from scratch and measure it",
                     flags,
                     /*run=*/{},
                     /*takes_arguments=*/false,
                     {{"--run=runs/quickstart-seed1 --set=train.epochs=20", "what a search found"},
                      {"--space=darts --genotype=PDARTS --dataset=cifar10 --data_dir=/data",
                       "a published architecture, with the published settings"}},
                     {{"spec", "FILE: the training's spec"}}};
  command.run_in_several = &Train;
  return command;
}

}  // namespace pdarts
