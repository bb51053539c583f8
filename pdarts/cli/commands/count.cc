#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/nn/macs.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

absl::Status Count(const std::vector<std::string>&) {
  PDARTS_ASSIGN_OR_RETURN(const FlagNetwork given, NetworkFromRunOrFlags());
  PDARTS_ASSIGN_OR_RETURN(
      const std::shared_ptr<Network> network,
      given.space->BuildNetwork(given.architecture, given.shape, MakeGenerator(1, "weights")));
  const nn::NetworkCosts costs = nn::CountCosts(*network, given.shape.image);
  CountReport report;
  report.set_params(static_cast<double>(costs.parameters));
  report.set_macs(static_cast<double>(costs.macs));
  for (const nn::NetworkCosts::Part& part : costs.parts) {
    CountPart* row = report.add_parts();
    row->set_name(part.name);
    row->set_params(static_cast<double>(part.parameters));
    row->set_macs(static_cast<double>(part.macs));
  }
  report.set_evaluation_bytes(static_cast<double>(costs.evaluation_bytes));
  report.set_training_bytes_per_image(static_cast<double>(costs.training_bytes));
  PDARTS_ASSIGN_OR_RETURN(*report.mutable_genotype(), given.space->Format(given.architecture));
  report.set_cells(given.shape.cells);
  report.set_channels(given.shape.channels);
  report.set_classes(given.shape.classes);
  report.set_skeleton(given.shape.skeleton);
  report.set_image_height(given.shape.image.height);
  report.set_image_width(given.shape.image.width);
  for (const std::string& kind : given.space->KindsWithoutCells(given.shape.cells)) {
    report.add_kinds_without_cells(kind);
  }
  if (PrintedAsJson(report)) return absl::OkStatus();
  std::cout << SizeText(given.shape) << "\n";
  std::cout << absl::StrFormat("%-12s %12s %14s\n", "part", "parameters", "multiply-adds");
  for (const nn::NetworkCosts::Part& part : costs.parts) {
    std::cout << absl::StrFormat("%-12s %12d %14d\n", part.name, part.parameters, part.macs);
  }
  std::cout << absl::StrFormat(
      "%-12s %12d %14d\n"
      "activations  %.2f MB at most in evaluating one image, %.2f MB an image of a training step\n",
      "all", costs.parameters, costs.macs, static_cast<double>(costs.evaluation_bytes) / 1e6,
      static_cast<double>(costs.training_bytes) / 1e6);
  for (const std::string& kind : report.kinds_without_cells()) {
    std::cout << absl::StrFormat(
        "note: a network of %d cells (--cells) has no %s cell, so that part of the genotype is "
        "unused\n",
        given.shape.cells, kind);
  }
  return absl::OkStatus();
}

}  // namespace

Command CountCommand() {
  std::vector<std::string> flags = NetworkFlags();
  for (const char* flag : {"run", "json"}) flags.push_back(flag);
  return {"count",
          "--run=DIR | --space=NAME --genotype=TEXT|FILE|RUN|NAME",
          "count a network's parameters, multiply-adds and activation memory",
          flags,
          &Count,
          /*takes_arguments=*/false,
          {{"--genotype=PDARTS", "the published network on CIFAR-10, cell by cell"},
           {"--genotype=PDARTS --skeleton=imagenet --json", "on ImageNet, for a script"}}};
}

}  // namespace pdarts
