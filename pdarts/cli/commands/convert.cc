#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/weights.h"

namespace pdarts {
namespace {

absl::Status Convert(const std::vector<std::string>&) {
  if (absl::GetFlag(FLAGS_weights).empty() || absl::GetFlag(FLAGS_output).empty()) {
    return absl::InvalidArgumentError("convert needs --weights=FILE and --output=FILE");
  }
  const std::string output = UserPath(absl::GetFlag(FLAGS_output));
  PDARTS_ASSIGN_OR_RETURN(const NamedTensors tensors,
                          ReadWeights(UserPath(absl::GetFlag(FLAGS_weights))));
  PDARTS_RETURN_IF_ERROR(WriteWeights(output, tensors));
  std::cout << tensors.size() << " tensors in " << output << "\n";
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
           {"--weights=best.pt --output=best.safetensors", "the other way"}},
          {{"output", "FILE: file to write, whose name ends in .pt, .pth or .safetensors"}}};
}

}  // namespace pdarts
