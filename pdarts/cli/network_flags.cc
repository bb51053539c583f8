#include "pdarts/cli/network_flags.h"

#include <filesystem>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/file.h"
#include "pdarts/core/json.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/status_macros.h"

ABSL_FLAG(std::string, genotype, "",
          "an architecture: its text, a name that the space knows (PDARTS, DARTS_V1, DARTS_V2), or "
          "a file (genotype.txt, architecture.json)");
ABSL_FLAG(std::string, weights, "",
          "file of weights: safetensors, or a state dict that Python's torch.save wrote");
ABSL_FLAG(std::string, dataset, "",
          "dataset by its short name, with its default settings; empty: cifar10, or the one that a "
          "benchmark's table means");
ABSL_FLAG(int, cells, 0, "cells of the network; 0: the skeleton's usual number");
ABSL_FLAG(int, channels, 0, "initial channels of the network; 0: the skeleton's usual number");
ABSL_FLAG(int, classes, 0, "classes; 0: the skeleton's usual number");
ABSL_FLAG(std::string, skeleton, "", "cifar or imagenet; empty: the space's first");

namespace pdarts {
namespace {

absl::Status CheckNotNegative(absl::string_view flag, int value) {
  if (value >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", value, " is negative"));
}

}  // namespace

absl::StatusOr<std::string> GenotypeFromFlags() {
  std::string given = absl::GetFlag(FLAGS_genotype);
  if (given.empty()) {
    return absl::InvalidArgumentError(
        "--genotype is missing: an architecture's text, name or file");
  }
  const std::string path = UserPath(given);
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return given;
  absl::StatusOr<std::string> content = ReadFile(path);
  if (!content.ok()) return Annotate(content.status(), "--genotype");
  if (!absl::EndsWith(path, ".json")) return content;
  DerivedArchitecture architecture;
  if (!ParseJson(*content, &architecture).ok() || architecture.text().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--genotype: ", path, " is no architecture.json of a run"));
  }
  return architecture.text();
}

absl::StatusOr<FlagNetwork> NetworkFromFlags() {
  const int cells = absl::GetFlag(FLAGS_cells), channels = absl::GetFlag(FLAGS_channels),
            classes = absl::GetFlag(FLAGS_classes);
  PDARTS_RETURN_IF_ERROR(CheckNotNegative("cells", cells));
  PDARTS_RETURN_IF_ERROR(CheckNotNegative("channels", channels));
  PDARTS_RETURN_IF_ERROR(CheckNotNegative("classes", classes));
  FlagNetwork network;
  PDARTS_ASSIGN_OR_RETURN(network.space, Registry<SearchSpace>::CreateDefault(SpaceFromFlags()));
  PDARTS_ASSIGN_OR_RETURN(const std::string text, GenotypeFromFlags());
  auto architecture = ParseGenotype(*network.space, text);
  if (!architecture.ok()) return Annotate(architecture.status(), "--genotype");
  network.architecture = std::move(*architecture);
  NetworkSettings settings;
  const std::string skeleton = absl::GetFlag(FLAGS_skeleton);
  if (!skeleton.empty()) settings.set_skeleton(skeleton);
  if (cells > 0) settings.set_cells(cells);
  if (channels > 0) settings.set_channels(channels);
  auto shape = MakeNetworkShape(*network.space, settings);
  if (!shape.ok()) return Annotate(shape.status(), "--skeleton");
  network.shape = std::move(*shape);
  if (classes > 0) network.shape.classes = classes;
  return network;
}

std::string SpaceFromFlags() {
  if (std::string given = absl::GetFlag(FLAGS_space); !given.empty()) return given;
  std::vector<std::string> spaces = PluginRegistry::Global().Names(SearchSpace::kKind);
  return spaces.size() == 1 ? spaces[0] : "darts";
}

std::string DatasetFromFlags() {
  const std::string dataset = absl::GetFlag(FLAGS_dataset);
  return dataset.empty() ? "cifar10" : dataset;
}

std::vector<std::string> NetworkFlags() {
  return {"space", "genotype", "cells", "channels", "classes", "skeleton"};
}

}  // namespace pdarts
