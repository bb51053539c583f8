// The main program of a pdarts_training target: a training with the spec that is built into the
// program.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/cli/embedded_spec.h"
#include "pdarts/cli/program.h"
#include "pdarts/cli/train_flags.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

absl::Status TrainEmbeddedSpec(const std::vector<std::string>&, ProcessGroup& processes) {
  TrainSpec spec;
  const absl::Status parsed = ParseSpecInto(kEmbeddedSpec, kEmbeddedSpecFile, &spec);
  return TrainFromFlags(parsed.ok() ? absl::StatusOr<TrainSpec>(std::move(spec)) : parsed,
                        processes);
}

Program TrainingProgram(const char* path) {
  Command train;
  train.purpose = absl::StrCat("run the training of ", kEmbeddedSpecFile);
  train.flags = TrainFlags();
  train.run_in_several = &TrainEmbeddedSpec;
  train.examples = {{"--run=runs/quickstart-seed1", "train the architecture that a search found"},
                    {"--genotype=PDARTS --seed=3", "train a published architecture"}};
  return {std::filesystem::path(path).filename().string(), train.purpose, {train}};
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  return pdarts::RunProgram(argc, argv, pdarts::TrainingProgram(argv[0]));
}
