#include "pdarts/core/training.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/field_plugin.h"
#include "pdarts/core/spec.h"

namespace pdarts {

NetworkShape Training::Shape() const {
  NetworkShape shape;
  shape.cells = spec.network().cells();
  shape.channels = spec.network().channels();
  shape.skeleton = spec.network().skeleton();
  shape.image = dataset->info().image;
  shape.classes = dataset->num_classes();
  shape.auxiliary_head = spec.train().auxiliary_weight() > 0;
  shape.backend = backend;
  return shape;
}

absl::StatusOr<Training> MakeTraining(TrainSpec spec, c10::Device device) {
  PDARTS_RETURN_IF_ERROR(CompleteSpec(&spec));
  PDARTS_RETURN_IF_ERROR(ValidateMessage(spec, ""));
  PDARTS_RETURN_IF_ERROR(CheckRunName(spec.name()));
  if (spec.train().accumulate() > spec.train().batch_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("train.accumulate: a batch of ", spec.train().batch_size(),
                     " images (train.batch_size) has no ", spec.train().accumulate(),
                     " parts; at most ", spec.train().batch_size(), " are possible"));
  }
  Training training;
  PDARTS_ASSIGN_OR_RETURN(training.backend,
                          ResolveBackend(spec.train().kernels(), spec.train().precision(), device));
  PDARTS_ASSIGN_OR_RETURN(training.space, CreateFieldPlugin<SearchSpace>("space", spec.space()));
  PDARTS_ASSIGN_OR_RETURN(training.dataset, CreateFieldPlugin<Dataset>("dataset", spec.dataset()));
  if (spec.genotype().empty()) {
    return absl::InvalidArgumentError(
        "genotype: is not set; give the architecture's name or text, or a run that found it");
  }
  auto architecture = ParseGenotype(*training.space, spec.genotype());
  if (!architecture.ok()) return Annotate(architecture.status(), "genotype");
  training.architecture = std::move(*architecture);
  const auto shape = MakeNetworkShape(*training.space, spec.network());
  if (!shape.ok()) return Annotate(shape.status(), "network.skeleton");
  spec.mutable_network()->set_cells(shape->cells);
  spec.mutable_network()->set_channels(shape->channels);
  spec.mutable_network()->set_skeleton(shape->skeleton);
  training.spec = std::move(spec);
  return training;
}

absl::StatusOr<Architecture> ParseGenotype(const SearchSpace& space, absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  std::vector<std::string> names;
  for (const auto& [name, known] : space.known_architectures()) {
    if (name == text) return space.Parse(known);
    names.push_back(name);
  }
  absl::StatusOr<Architecture> architecture = space.Parse(text);
  const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  if (!architecture.ok() && is_word && !names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not an architecture of the space ", space.name(),
                     "; names that it knows: ", absl::StrJoin(names, ", ")));
  }
  return architecture;
}

absl::StatusOr<NetworkShape> MakeNetworkShape(const SearchSpace& space,
                                              const NetworkSettings& settings) {
  PDARTS_ASSIGN_OR_RETURN(NetworkShape shape, space.default_network_shape(settings.skeleton()));
  if (settings.has_cells()) shape.cells = settings.cells();
  if (settings.has_channels()) shape.channels = settings.channels();
  return shape;
}

}  // namespace pdarts
