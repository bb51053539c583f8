#include "pdarts/cli/network_flags.h"

#include <iostream>
#include <optional>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/sessions/given_genotype.h"

ABSL_FLAG(std::string, genotype, "",
          "TEXT|FILE|RUN|NAME: an architecture: its text, a file that holds it (FILE:NAME for one "
          "of several), the directory of a run, or a name that the space knows (PDARTS, DARTS_V1, "
          "DARTS_V2, PC_DARTS_CIFAR10)");
ABSL_FLAG(std::string, weights, "",
          "FILE: weights, as safetensors or as a checkpoint that Python's torch.save wrote");
ABSL_FLAG(std::string, dataset, "",
          "DATASET: dataset by its short name, with its default settings (default: cifar10)");
ABSL_FLAG(std::optional<int>, cells, std::nullopt,
          "NUMBER: cells of the network (default: the skeleton's usual number)");
ABSL_FLAG(std::optional<int>, channels, std::nullopt,
          "NUMBER: initial channels of the network (default: the skeleton's usual number)");
ABSL_FLAG(std::optional<int>, classes, std::nullopt,
          "NUMBER: classes (default: the skeleton's usual number)");
ABSL_FLAG(std::string, image_size, "",
          "H[xW]: height and width of the images in pixels (default: the skeleton's usual ones)");
ABSL_FLAG(std::string, skeleton, "",
          "cifar|imagenet: the network around the cells (default: the space's first)");

namespace pdarts {
namespace {

constexpr int kMostClasses = 100000;

constexpr int kMostPixels = 16384;  // maximum length of a side

/// Writes the value of --image_size into `image`.
absl::Status SetImageSize(ImageShape* image) {
  const std::string text = absl::GetFlag(FLAGS_image_size);
  if (text.empty()) return absl::OkStatus();
  const std::vector<std::string> sides = absl::StrSplit(text, 'x');
  const auto parse = [](const std::string& side, int* value) {
    return absl::SimpleAtoi(side, value) && *value >= 1 && *value <= kMostPixels;
  };
  if (sides.size() > 2 || !parse(sides.front(), &image->height) ||
      !parse(sides.back(), &image->width)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--image_size: \"", text, "\" is not H or HxW of whole numbers in [1, ", kMostPixels, "]"));
  }
  return absl::OkStatus();
}

/// The description of a network in its run.
struct RunNetwork {
  google::protobuf::Any space;
  google::protobuf::Any dataset;
  NetworkSettings settings;  ///< of the network of a training
};

absl::StatusOr<RunNetwork> ReadRunNetwork(const std::string& run) {
  RunNetwork network;
  const auto training = ReadTrainingSpec(run);
  if (training.ok()) {
    network.space = training->space();
    network.dataset = training->dataset();
    network.settings = training->network();
    return network;
  }
  PDARTS_ASSIGN_OR_RETURN(const ExperimentSpec search, ReadRunSpec(run));
  network.space = search.space();
  network.dataset = search.dataset();
  return network;
}

/// Reads the size of the network from flags, and checks the range of each.
absl::StatusOr<NetworkSettings> SettingsFromFlags() {
  NetworkSettings settings;
  if (const auto cells = absl::GetFlag(FLAGS_cells)) settings.set_cells(*cells);
  if (const auto channels = absl::GetFlag(FLAGS_channels)) settings.set_channels(*channels);
  if (const std::string skeleton = absl::GetFlag(FLAGS_skeleton); !skeleton.empty()) {
    settings.set_skeleton(skeleton);
  }
  const absl::Status valid = ValidateMessage(settings, "");
  if (!valid.ok()) return absl::Status(valid.code(), absl::StrCat("--", valid.message()));
  if (const auto classes = absl::GetFlag(FLAGS_classes);
      classes && (*classes < 1 || *classes > kMostClasses)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--classes: ", *classes, " is not in [1, ", kMostClasses, "]"));
  }
  return settings;
}

}  // namespace

absl::StatusOr<FlagNetwork> SpaceAndShapeFromFlags() {
  PDARTS_ASSIGN_OR_RETURN(const NetworkSettings settings, SettingsFromFlags());
  FlagNetwork network;
  PDARTS_ASSIGN_OR_RETURN(network.space, Registry<SearchSpace>::CreateDefault(SpaceFromFlags()));
  auto shape = MakeNetworkShape(*network.space, settings);
  if (!shape.ok()) return Annotate(shape.status(), "--skeleton");
  network.shape = std::move(*shape);
  network.shape.classes = absl::GetFlag(FLAGS_classes).value_or(network.shape.classes);
  PDARTS_RETURN_IF_ERROR(SetImageSize(&network.shape.image));
  return network;
}

absl::StatusOr<FlagNetwork> NetworkFromFlags() {
  PDARTS_ASSIGN_OR_RETURN(FlagNetwork network, SpaceAndShapeFromFlags());
  const std::string given = absl::GetFlag(FLAGS_genotype);
  if (given.empty()) {
    return absl::InvalidArgumentError(
        "--genotype is missing: an architecture's text, name or file, or a run");
  }
  auto genotype = ReadGivenGenotype(*network.space, given, &std::cerr);
  if (!genotype.ok()) return Annotate(genotype.status(), "--genotype");
  network.architecture = std::move(genotype->architecture);
  return network;
}

absl::StatusOr<FlagNetwork> NetworkFromRunOrFlags() {
  const std::string run = absl::GetFlag(FLAGS_run);
  if (run.empty()) return NetworkFromFlags();
  if (!absl::GetFlag(FLAGS_genotype).empty()) {
    return absl::InvalidArgumentError("--run and --genotype both name an architecture; give one");
  }
  PDARTS_ASSIGN_OR_RETURN(NetworkSettings settings, SettingsFromFlags());
  PDARTS_ASSIGN_OR_RETURN(const RunNetwork of_run, ReadRunNetwork(UserPath(run)));
  // Flags have precedence over the settings of the run.
  NetworkSettings all = of_run.settings;
  all.MergeFrom(settings);
  FlagNetwork network;
  PDARTS_ASSIGN_OR_RETURN(network.space, CreateFieldPlugin<SearchSpace>("space", of_run.space));
  PDARTS_ASSIGN_OR_RETURN(const DerivedArchitecture found,
                          ReadRunArchitecture(UserPath(run), *network.space));
  network.architecture = found.architecture();
  auto shape = MakeNetworkShape(*network.space, all);
  if (!shape.ok()) return Annotate(shape.status(), "--skeleton");
  network.shape = std::move(*shape);
  PDARTS_ASSIGN_OR_RETURN(const auto dataset,
                          CreateFieldPlugin<Dataset>("dataset", of_run.dataset));
  network.shape.image = dataset->info().image;
  network.shape.classes = absl::GetFlag(FLAGS_classes).value_or(dataset->num_classes());
  PDARTS_RETURN_IF_ERROR(SetImageSize(&network.shape.image));
  return network;
}

std::string SizeText(const NetworkShape& shape) {
  return absl::StrFormat(
      "images of %dx%d, %d channels, %d classes; %d cells, %d channels, skeleton %s",
      shape.image.height, shape.image.width, shape.image.channels, shape.classes, shape.cells,
      shape.channels, shape.skeleton);
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
  return {"space", "genotype", "cells", "channels", "classes", "skeleton", "image_size"};
}

}  // namespace pdarts
