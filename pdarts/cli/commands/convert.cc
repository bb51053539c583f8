#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/weights/weights.h"

namespace pdarts {
namespace {

absl::Status Convert(const std::vector<std::string>&) {
  if (absl::GetFlag(FLAGS_weights).empty() || absl::GetFlag(FLAGS_output).empty()) {
    return absl::InvalidArgumentError("convert needs --weights=FILE and --output=FILE");
  }
  const std::string output = UserPath(absl::GetFlag(FLAGS_output));
  PDARTS_ASSIGN_OR_RETURN(const WeightsFile weights,
                          ReadWeightsFile(UserPath(absl::GetFlag(FLAGS_weights))));
  Tell(weights.notes);
  PDARTS_RETURN_IF_ERROR(WriteWeights(output, weights.tensors, weights.metadata));
  std::cout << weights.tensors.size() << " tensors in " << output << "\n";
  return absl::OkStatus();
}

}  // namespace

Command ConvertCommand() {
  return {"convert",
          "--weights=FILE --output=FILE",
          "write weights as a .pt for Python's torch.load, or as safetensors",
          {"weights", "output"},
          &Convert,
          /*takes_arguments=*/false,
          {{"--weights=best.safetensors --output=best.pt", "for Python's torch.load"},
           {"--weights=checkpoint.pth.tar --output=best.safetensors",
            "a training script's checkpoint, whose state dict is found"}},
          {{"output", "FILE: file to write, whose name ends in .pt, .pth or .safetensors"}}};
}

}  // namespace pdarts
