#ifndef PDARTS_RUNS_MODEL_H_
#define PDARTS_RUNS_MODEL_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/model.pb.h"

namespace pdarts {

/// The name of the file that holds the Model in the directory of a training.
inline constexpr char kModelFile[] = "model.json";

/// The key under which the metadata of a safetensors file holds the Model as JSON.
inline constexpr char kModelMetadata[] = "pdarts_model";

/// Describes the model that `training` produces from `data`. The short name of the dataset, and the
/// version and the commit of the program are not set. \error as SearchSpace::Format.
absl::StatusOr<Model> DescribeModel(const Training& training, const DatasetSplits& data);

/// "sha256:..." of the images and labels of the test split.
std::string TestChecksum(const DatasetSplits& data);

/// Sets the channel statistics of `info` to those of the model, so that `info` normalizes images as
/// the model does.
/// \error kInvalidArgument if the images of the model have another shape.
absl::Status TakeStatistics(const Model& model, DatasetInfo* info);

/// Reads a Model. The text may come from anybody.
/// \error kDataLoss if the text does not parse, or if its classes, image shape and channel
/// statistics contradict each other. The message begins with `where`.
absl::StatusOr<Model> ParseModel(const std::string& json, absl::string_view where);

/// The model in the directory of a training; unset if an older version of pdarts made the training.
/// \error as ParseModel and Directory::ReadFile.
absl::StatusOr<std::optional<Model>> ReadRunModel(const std::string& run);

/// The model in the metadata of a file of weights; unset if the metadata hold no model.
/// \error as ParseModel. Error messages name `file`.
absl::StatusOr<std::optional<Model>> ModelOfMetadata(
    const std::map<std::string, std::string>& metadata, const std::string& file);

}  // namespace pdarts

#endif  // PDARTS_RUNS_MODEL_H_
