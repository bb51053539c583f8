#include "pdarts/sessions/trained_network.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/user_path.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/device_modes.h"
#include "pdarts/core/random.h"
#include "pdarts/sessions/device.h"
#include "pdarts/sessions/run_data.h"
#include "pdarts/trainers/memory_estimate.h"

namespace pdarts {
namespace {

/// The prefix of the entries of an auxiliary head, as in Python.
constexpr char kAuxiliaryHead[] = "auxiliary_head.";

}  // namespace

absl::StatusOr<TrainedNetwork> BuildTrainedNetwork(const TrainedWeights& weights,
                                                   std::optional<int> classes) {
  PDARTS_ASSIGN_OR_RETURN(const c10::Device device, ResolveDevice(weights.spec.device()));
  PDARTS_ASSIGN_OR_RETURN(Training training, MakeTraining(weights.spec, device));
  if (classes && *classes != training.dataset->num_classes()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--classes: ", *classes, ", but the dataset has ", training.dataset->num_classes()));
  }
  NetworkShape shape = training.Shape();
  shape.auxiliary_head =
      std::any_of(weights.tensors.begin(), weights.tensors.end(),
                  [](const auto& entry) { return absl::StartsWith(entry.first, kAuxiliaryHead); });
  PDARTS_ASSIGN_OR_RETURN(
      std::shared_ptr<Network> network,
      training.space->BuildNetwork(training.architecture, shape, MakeGenerator(1, "weights")));
  network->to(training.backend.parameters);  // before the weights are rounded
  PDARTS_RETURN_IF_ERROR(LoadWeights(weights.tensors, weights.file, network.get()));
  return TrainedNetwork{std::move(training), std::move(shape), device, std::move(network)};
}

absl::Status PutOnDevice(const TrainedNetwork& trained) {
  PDARTS_RETURN_IF_ERROR(CheckPrecision(trained.training.backend, "train.precision"));
  SetDeviceModes(trained.training.backend, trained.training.spec.train().deterministic());
  trained.network->to(trained.device);
  return absl::OkStatus();
}

absl::Status CheckMemory(const std::string& what, const TrainedNetwork& trained, int64_t batch,
                         const SessionOptions& options) {
  if (!HasMemoryEstimates(trained.device)) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(
      const MemoryEstimate estimate,
      EstimateEvaluationMemory(what, "--set=train.evaluation_batch_size", *trained.network,
                               trained.shape.image, trained.shape.classes, batch,
                               MemoryPolicyOf(options)));
  return estimate.CheckFits();
}

absl::StatusOr<DatasetSplits> LoadTestImages(const TrainedWeights& weights, const Dataset& dataset,
                                             const SessionOptions& options) {
  LoadOptions load;
  load.data_dir = options.data_dir;
  load.test_only = true;
  DataProvenance provenance;
  if (const auto& model = weights.model) {
    load.class_names = {model->class_names().begin(), model->class_names().end()};
    provenance.source = model->dataset_source();
    provenance.has_same_data = [&](const DatasetSplits& data) {
      return TestChecksum(data) == model->test_checksum();
    };
  } else {
    Tell({absl::StrCat(weights.file,
                       " does not contain the names of its classes, nor the mean and the "
                       "standard deviation of the normalization: those of the dataset are used")},
         options.notes);
  }
  PDARTS_ASSIGN_OR_RETURN(DatasetSplits data,
                          LoadDataOfRun(dataset, load, provenance, options.notes));
  if (weights.model) PDARTS_RETURN_IF_ERROR(TakeStatistics(*weights.model, &data.info));
  if (const std::string& given = options.typed_data_dir;
      !given.empty() && !absl::StartsWith(data.source, UserPath(given))) {
    Tell({absl::StrCat("--data_dir=", given, " is not used, because the spec names another place: ",
                       data.source, "; --set=dataset.folder=DIR names one for this command")},
         options.notes);
  }
  return data;
}

absl::StatusOr<DatasetInfo> TrainedInfo(const TrainedWeights& weights, const Dataset& dataset,
                                        const SessionOptions& options) {
  if (!weights.model) {
    PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, LoadTestImages(weights, dataset, options));
    return data.info;
  }
  DatasetInfo info = dataset.info();
  PDARTS_RETURN_IF_ERROR(TakeStatistics(*weights.model, &info));
  info.class_names = {weights.model->class_names().begin(), weights.model->class_names().end()};
  return info;
}

}  // namespace pdarts
