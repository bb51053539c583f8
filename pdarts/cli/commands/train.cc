#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/train_network.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

absl::Status Train(const std::vector<std::string>&) {
  const std::string file = absl::GetFlag(FLAGS_spec);
  if (file.empty()) return TrainFromFlags();
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ReadSpecFileInto(UserPath(file), &spec));
  return TrainFromSpec(std::move(spec));
}

}  // namespace

Command TrainCommand() {
  std::vector<std::string> flags = TrainFlags();
  for (const char* flag : {"spec", "space", "dataset"}) flags.push_back(flag);
  return {"train",
          "--run=DIR | --space=NAME --genotype=TEXT|FILE|RUN|NAME [--spec=FILE]",
          "train an architecture from scratch and measure it",
          flags,
          &Train,
          /*takes_arguments=*/false,
          {{"--run=runs/quickstart-seed1 --set=train.epochs=20", "what a search found"},
           {"--space=darts --genotype=PDARTS --dataset=cifar10 --data_dir=/data",
            "a published architecture, with the published settings"}},
          {{"spec", "FILE: the training's spec"}}};
}

}  // namespace pdarts
