#include "pdarts/runs/model.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/json.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/spec.h"

namespace pdarts {
namespace {

constexpr int kMostChannels = 1 << 16;
constexpr int kMostPixels = 1 << 16;  // maximum length of a side

bool IsBetween(int64_t value, int64_t low, int64_t high) { return low <= value && value <= high; }

absl::Status CheckModel(const Model& model) {
  const ModelImage& image = model.image();
  if (!IsBetween(image.channels(), 1, kMostChannels) ||
      !IsBetween(image.height(), 1, kMostPixels) || !IsBetween(image.width(), 1, kMostPixels)) {
    return absl::DataLossError(absl::StrCat("image: is [", image.channels(), ",", image.height(),
                                            ",", image.width(), "], which no image is"));
  }
  if (model.mean_size() != image.channels() || model.deviation_size() != image.channels()) {
    return absl::DataLossError(absl::StrCat("mean and deviation: have ", model.mean_size(), " and ",
                                            model.deviation_size(), " numbers, expected ",
                                            image.channels(), ", one for each channel"));
  }
  for (int c = 0; c < image.channels(); ++c) {
    if (!std::isfinite(model.mean(c)) || !std::isfinite(model.deviation(c)) ||
        model.deviation(c) <= 0) {
      return absl::DataLossError(absl::StrCat("mean and deviation: are ", model.mean(c), " and ",
                                              model.deviation(c), " for channel ", c,
                                              ", expected finite numbers and a deviation above 0"));
    }
  }
  if (model.class_names().empty()) return absl::DataLossError("class_names: has no names");
  std::set<std::string> names;
  for (const std::string& name : model.class_names()) {
    if (!names.insert(name).second) {
      return absl::DataLossError(absl::StrCat("class_names: \"", name, "\" occurs twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Model> DescribeModel(const Training& training, const DatasetSplits& data) {
  const NetworkShape shape = training.Shape();
  Model model;
  model.set_name(training.spec.name());
  model.set_search_space(training.space->name());
  PDARTS_ASSIGN_OR_RETURN(*model.mutable_genotype(), training.space->Format(training.architecture));
  ModelNetwork* network = model.mutable_network();
  network->set_cells(shape.cells);
  network->set_channels(shape.channels);
  network->set_skeleton(shape.skeleton);
  network->set_auxiliary_head(shape.auxiliary_head);
  ModelImage* image = model.mutable_image();
  image->set_channels(shape.image.channels);
  image->set_height(shape.image.height);
  image->set_width(shape.image.width);
  for (const std::string& name : data.info.class_names) model.add_class_names(name);
  for (const double mean : data.info.mean) model.add_mean(mean);
  for (const double deviation : data.info.deviation) model.add_deviation(deviation);
  model.set_dataset_source(data.source);
  model.set_dataset_checksum(data.checksum);
  model.set_test_checksum(TestChecksum(data));
  if (training.spec.has_initial_weights()) {
    *model.mutable_initial_weights() = training.spec.initial_weights();
  }
  model.set_spec(PrintSpec(training.spec));
  return model;
}

std::string TestChecksum(const DatasetSplits& data) {
  Sha256 sum;
  data.test->AddTo(&sum);
  return absl::StrCat("sha256:", sum.Hex());
}

absl::Status TakeStatistics(const Model& model, DatasetInfo* info) {
  const ModelImage& image = model.image();
  if (image.channels() != info->image.channels || image.height() != info->image.height ||
      image.width() != info->image.width) {
    return absl::InvalidArgumentError(
        absl::StrCat("the network takes images [", image.channels(), ",", image.height(), ",",
                     image.width(), "], but the images of the data are [", info->image.channels,
                     ",", info->image.height, ",", info->image.width, "]"));
  }
  info->mean.assign(model.mean().begin(), model.mean().end());
  info->deviation.assign(model.deviation().begin(), model.deviation().end());
  return absl::OkStatus();
}

absl::StatusOr<Model> ParseModel(const std::string& json, absl::string_view where) {
  Model model;
  absl::Status status = ParseJson(json, &model);
  if (status.ok()) status = CheckModel(model);
  if (!status.ok()) return absl::DataLossError(absl::StrCat(where, ": ", status.message()));
  return model;
}

absl::StatusOr<std::optional<Model>> ReadRunModel(const std::string& run) {
  PDARTS_ASSIGN_OR_RETURN(const Directory directory, Directory::Open(run));
  const absl::StatusOr<std::string> json = directory.ReadFile(kModelFile);
  if (absl::IsNotFound(json.status())) return std::nullopt;
  if (!json.ok()) return json.status();
  PDARTS_ASSIGN_OR_RETURN(Model model, ParseModel(*json, directory.PathOf(kModelFile)));
  return model;
}

absl::StatusOr<std::optional<Model>> ModelOfMetadata(
    const std::map<std::string, std::string>& metadata, const std::string& file) {
  const auto found = metadata.find(kModelMetadata);
  if (found == metadata.end()) return std::nullopt;
  PDARTS_ASSIGN_OR_RETURN(Model model,
                          ParseModel(found->second, absl::StrCat(file, ": ", kModelMetadata)));
  return model;
}

}  // namespace pdarts
