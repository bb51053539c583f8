#include "pdarts/cli/train_flags.h"

#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/spec.h"
#include "pdarts/runs/any_spec.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/sessions/given_genotype.h"
#include "pdarts/sessions/train_network.h"

ABSL_FLAG(
    std::optional<int>, more_epochs, std::nullopt,
    "NUMBER: train the network of the training in --run for this number of further epochs, in a "
    "new run that begins with its last weights; the learning rate starts from its initial value");

ABSL_FLAG(std::vector<std::string>, weights_except, {},
          "LAYER,...: layers that keep random weights, whatever --weights holds for them: "
          "\"classifier\" to train a network for other classes");

namespace pdarts {
namespace {

/// Writes the architecture of --genotype or --run into the spec.
absl::Status SetGenotype(TrainSpec* spec) {
  const std::string run = absl::GetFlag(FLAGS_run);
  const std::string genotype = absl::GetFlag(FLAGS_genotype);
  if (!run.empty() && !genotype.empty()) {
    return absl::InvalidArgumentError("--run and --genotype both name an architecture; give one");
  }
  if (!genotype.empty()) spec->set_genotype(genotype);
  if (run.empty()) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(const auto space, CreateFieldPlugin<SearchSpace>("space", spec->space()));
  PDARTS_ASSIGN_OR_RETURN(const DerivedArchitecture found,
                          ReadRunArchitecture(UserPath(run), *space));
  spec->set_genotype(found.text());
  return absl::OkStatus();
}

/// If the genotype in the spec is a path, replaces it by the text of the architecture, so that the
/// spec of the run contains the trained architecture.
absl::Status ReplacePathOfGenotype(TrainSpec* spec) {
  if (spec->genotype().empty()) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(const auto space, CreateFieldPlugin<SearchSpace>("space", spec->space()));
  auto given = ReadGivenGenotype(*space, spec->genotype(), &std::cerr);
  if (!given.ok()) {
    return Annotate(given.status(),
                    absl::GetFlag(FLAGS_genotype).empty() ? "genotype" : "--genotype");
  }
  spec->set_genotype(std::move(given->text));
  return absl::OkStatus();
}

/// Writes the values of --weights and --weights_except into the spec.
/// \error kInvalidArgument if --weights_except is given without weights.
absl::Status SetInitialWeights(TrainSpec* spec) {
  if (const std::string file = absl::GetFlag(FLAGS_weights); !file.empty()) {
    spec->mutable_initial_weights()->set_file(file);
  }
  if (const auto layers = absl::GetFlag(FLAGS_weights_except); !layers.empty()) {
    if (!spec->has_initial_weights()) {
      return absl::InvalidArgumentError(
          "--weights_except: leaves layers out of weights, but --weights names none");
    }
    spec->mutable_initial_weights()->clear_except();
    for (const std::string& layer : layers) spec->mutable_initial_weights()->add_except(layer);
  }
  return absl::OkStatus();
}

/// Writes the values of the flags into the spec.
absl::StatusOr<TrainSpec> WithFlags(absl::StatusOr<TrainSpec> given) {
  PDARTS_ASSIGN_OR_RETURN(TrainSpec spec, std::move(given));
  PDARTS_RETURN_IF_ERROR(SetGenotype(&spec));
  PDARTS_RETURN_IF_ERROR(SetInitialWeights(&spec));
  PDARTS_RETURN_IF_ERROR(ApplyFlags(&spec));
  PDARTS_RETURN_IF_ERROR(ReplacePathOfGenotype(&spec));
  return spec;
}

}  // namespace

absl::Status TrainFromFlags(absl::StatusOr<TrainSpec> spec, ProcessGroup& processes) {
  SessionOptions options = SessionOptionsFromFlags();
  if (const std::string run = absl::GetFlag(FLAGS_run); !run.empty()) {
    options.data_of_run = UserPath(run);
  }
  return TrainFromSpec(WithFlags(std::move(spec)), options, processes);
}

absl::StatusOr<TrainSpec> MakeTrainSpecFromFlags() {
  TrainSpec spec;
  const std::optional<int> more_epochs = absl::GetFlag(FLAGS_more_epochs);
  const std::string run = absl::GetFlag(FLAGS_run);
  if (more_epochs) {
    if (run.empty()) {
      return absl::InvalidArgumentError("--more_epochs: needs --run=DIR of a finished training");
    }
    PDARTS_ASSIGN_OR_RETURN(spec, ReadTrainingSpec(UserPath(run)));
    spec.set_name(absl::StrCat(spec.name(), "_more"));
    spec.mutable_train()->set_epochs(*more_epochs);
    spec.clear_initial_weights();
    spec.mutable_initial_weights()->set_file(LastWeightsFile(UserPath(run)));
  } else if (!run.empty()) {
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> of_run,
                            ReadAnyRunSpec(UserPath(run)));
    if (IsTraining(*of_run)) {
      spec = static_cast<const TrainSpec&>(*of_run);
      spec.set_name(absl::StrCat(spec.name(), "_again"));
    } else {
      const auto& searched = static_cast<const ExperimentSpec&>(*of_run);
      *spec.mutable_space() = searched.space();
      *spec.mutable_dataset() = searched.dataset();
      spec.set_name(absl::StrCat("train_", searched.name()));
    }
  } else {
    PluginRegistry& registry = PluginRegistry::Global();
    PDARTS_ASSIGN_OR_RETURN(*spec.mutable_space(),
                            registry.DefaultConfig(SearchSpace::kKind, SpaceFromFlags()));
    PDARTS_ASSIGN_OR_RETURN(*spec.mutable_dataset(),
                            registry.DefaultConfig(Dataset::kKind, DatasetFromFlags()));
    spec.set_name(absl::StrCat("train_", SpaceFromFlags(), "_", DatasetFromFlags()));
  }
  return spec;
}

std::vector<std::string> TrainFlags() {
  return {"run",        "genotype", "weights",    "weights_except", "more_epochs",
          "seed",       "data_dir", "output_dir", "device",         "threads",
          "set",        "dry_run",  "overwrite",  "resume",         "checkpoint_minutes",
          "allow_swap", "json"};
}

}  // namespace pdarts
