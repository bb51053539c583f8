#include "pdarts/cli/trained_network_flags.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"

ABSL_FLAG(std::string, model, "", "FILE: a network's weights, as --weights");
ABSL_FLAG(
    std::string, epoch, "last",
    "last|best: which weights of a run are taken: those of its last epoch, or those of the epoch "
    "that was best on the run's test images");

namespace pdarts {
namespace {

/// The spec of a network that flags alone describe.
absl::StatusOr<TrainSpec> SpecFromFlags(absl::string_view name) {
  PDARTS_ASSIGN_OR_RETURN(const FlagNetwork given, NetworkFromFlags());
  TrainSpec spec;
  spec.set_name(std::string(name));
  PluginRegistry& registry = PluginRegistry::Global();
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_space(),
                          registry.DefaultConfig(SearchSpace::kKind, SpaceFromFlags()));
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_dataset(),
                          registry.DefaultConfig(Dataset::kKind, DatasetFromFlags()));
  PDARTS_ASSIGN_OR_RETURN(*spec.mutable_genotype(), given.space->Format(given.architecture));
  spec.mutable_network()->set_cells(given.shape.cells);
  spec.mutable_network()->set_channels(given.shape.channels);
  spec.mutable_network()->set_skeleton(given.shape.skeleton);
  return spec;
}

/// The weights of a run that --epoch selects.
absl::StatusOr<std::string> EpochFromFlags() {
  std::string epoch = absl::GetFlag(FLAGS_epoch);
  if (epoch == "last" || epoch == "best") return epoch;
  return absl::InvalidArgumentError(
      absl::StrCat("--epoch: is \"", epoch, "\", expected last or best"));
}

/// The spec of weights that do not belong to a run.
absl::StatusOr<TrainSpec> SpecOfFile(absl::string_view command, const TrainedWeights& weights) {
  if (!weights.model || !absl::GetFlag(FLAGS_genotype).empty()) return SpecFromFlags(command);
  TrainSpec spec;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(weights.model->spec(),
                                       absl::StrCat(weights.file, ": ", kModelMetadata), &spec));
  // The file has the settings of the dataset on which the network was trained.
  const std::string dataset = absl::GetFlag(FLAGS_dataset);
  if (!dataset.empty() && dataset != PluginShortName(spec.dataset())) {
    PDARTS_ASSIGN_OR_RETURN(*spec.mutable_dataset(),
                            PluginRegistry::Global().DefaultConfig(Dataset::kKind, dataset));
  }
  return spec;
}

}  // namespace

std::vector<std::string> TrainedNetworkFlags() {
  std::vector<std::string> flags = NetworkFlags();
  for (const char* flag :
       {"run", "epoch", "model", "weights", "dataset", "data_dir", "device", "set"}) {
    flags.push_back(flag);
  }
  return flags;
}

absl::StatusOr<TrainedWeights> TrainedWeightsFromFlags(absl::string_view command) {
  const std::string run = absl::GetFlag(FLAGS_run);
  const std::string model = absl::GetFlag(FLAGS_model);
  std::string file = absl::GetFlag(FLAGS_weights);
  if (!model.empty() && !file.empty()) {
    return absl::InvalidArgumentError("--model and --weights both name a file; give one");
  }
  if (file.empty()) file = model;
  if (run.empty() && file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        command, " needs --run=DIR of a training, or --model=FILE and --genotype=..."));
  }
  TrainedWeights weights;
  PDARTS_ASSIGN_OR_RETURN(const std::string epoch, EpochFromFlags());
  if (!file.empty()) {
    weights.file = UserPath(file);
  } else {
    weights.epoch = epoch;
    weights.file =
        epoch == "last" ? LastWeightsFile(UserPath(run)) : BestWeightsFile(UserPath(run));
    std::error_code error;
    if (epoch == "last" && !std::filesystem::exists(weights.file, error) &&
        std::filesystem::exists(BestWeightsFile(UserPath(run)), error)) {
      Tell({absl::StrCat("there is no ", weights.file,
                         ": the weights of the best epoch are taken instead")});
      weights.epoch = "best";
      weights.file = BestWeightsFile(UserPath(run));
    }
  }
  if (!run.empty()) {
    PDARTS_ASSIGN_OR_RETURN(weights.spec, ReadTrainingSpec(UserPath(run)));
  }
  PDARTS_ASSIGN_OR_RETURN(WeightsFile content, ReadWeightsFile(weights.file));
  Tell(content.notes);
  weights.tensors = std::move(content.tensors);
  PDARTS_ASSIGN_OR_RETURN(weights.model, ModelOfMetadata(content.metadata, weights.file));
  if (run.empty()) {
    PDARTS_ASSIGN_OR_RETURN(weights.spec, SpecOfFile(command, weights));
    PDARTS_RETURN_IF_ERROR(ApplyFlags(&weights.spec));
    return weights;
  }
  if (!weights.model) {
    PDARTS_ASSIGN_OR_RETURN(weights.model, ReadRunModel(UserPath(run)));
  }
  const absl::StatusOr<TrainResult> result = ReadTrainResult(UserPath(run));
  if (!result.ok() && !absl::IsNotFound(result.status())) return result.status();
  if (result.ok()) weights.result = *result;
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&weights.spec));
  return weights;
}

absl::StatusOr<TrainedNetwork> TrainedNetworkFromFlags(const TrainedWeights& weights) {
  return BuildTrainedNetwork(weights, absl::GetFlag(FLAGS_classes));
}

}  // namespace pdarts
