#include "pdarts/sessions/initial_weights.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/user_path.h"
#include "pdarts/core/network.h"
#include "pdarts/runs/model.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {
namespace {

/// The layer whose outputs are the logits of the classes.
constexpr char kClassifier[] = "classifier";

bool HasSameWeights(const InitialWeights& a, const InitialWeights& b) {
  return a.sha256() == b.sha256() &&
         std::equal(a.except().begin(), a.except().end(), b.except().begin(), b.except().end());
}

}  // namespace

absl::StatusOr<std::optional<StartingWeights>> ReadInitialWeights(
    const std::optional<TrainSpec>& before, TrainSpec* spec, std::ostream* notes) {
  if (!spec->has_initial_weights()) return std::nullopt;
  InitialWeights* initial = spec->mutable_initial_weights();
  initial->set_file(UserPath(initial->file()));
  StartingWeights weights;
  weights.file = initial->file();
  const absl::StatusOr<std::string> bytes = ReadFile(weights.file);
  if (absl::IsNotFound(bytes.status()) && before &&
      before->initial_weights().file() == weights.file) {
    if (initial->sha256().empty()) initial->set_sha256(before->initial_weights().sha256());
    return weights;
  }
  if (!bytes.ok()) return Annotate(bytes.status(), "initial_weights.file");
  const std::string sha256 = Sha256Of(*bytes).Hex();
  if (!initial->sha256().empty() && initial->sha256() != sha256) {
    return absl::InvalidArgumentError(absl::StrCat("initial_weights.sha256: is ", initial->sha256(),
                                                   ", but that of ", weights.file, " is ", sha256));
  }
  initial->set_sha256(sha256);
  if (before && HasSameWeights(before->initial_weights(), *initial)) {
    initial->set_file(before->initial_weights().file());
  }
  PDARTS_ASSIGN_OR_RETURN(WeightsFile content, ReadWeightsFile(weights.file));
  Tell(content.notes, notes);
  PDARTS_ASSIGN_OR_RETURN(weights.model, ModelOfMetadata(content.metadata, weights.file));
  weights.tensors = std::move(content.tensors);
  return weights;
}

std::vector<std::string> ClassOrder(const std::optional<Model>& unfinished,
                                    const std::optional<StartingWeights>& weights,
                                    const TrainSpec& spec) {
  const Model* model = nullptr;
  const auto& except = spec.initial_weights().except();
  if (unfinished) {
    model = &*unfinished;
  } else if (weights && weights->model &&
             std::find(except.begin(), except.end(), kClassifier) == except.end()) {
    model = &*weights->model;
  }
  if (model == nullptr) return {};
  return {model->class_names().begin(), model->class_names().end()};
}

absl::Status LoadInitialWeights(const StartingWeights& weights, const TrainSpec& spec,
                                Network* network) {
  if (!weights.tensors) {
    return absl::NotFoundError(
        absl::StrCat("initial_weights.file: there is no file ", weights.file, " any more"));
  }
  const auto& except = spec.initial_weights().except();
  return LoadWeights(*weights.tensors, weights.file, network, {except.begin(), except.end()});
}

}  // namespace pdarts
