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

/// The file of a Model in a training's directory.
inline constexpr char kModelFile[] = "model.json";

/// The key of a Model, as JSON, in the metadata of a safetensors file.
inline constexpr char kModelMetadata[] = "pdarts_model";

/// What `training` makes of `data`; without the short name of the data set, and the version and
/// commit of the program. \error as SearchSpace::Format.
absl::StatusOr<Model> DescribeModel(const Training& training, const DatasetSplits& data);

/// "sha256:..." over images and labels of the test split.
std::string TestChecksum(const DatasetSplits& data);

/// Makes `info` normalize images as the model does.
/// \error kInvalidArgument if the model's images have another shape.
absl::Status TakeStatistics(const Model& model, DatasetInfo* info);

/// Reads a Model that may come from anyone.
/// \error kDataLoss if it doesn't parse, or its classes, image and statistics don't fit each other;
/// `origin` stands before the message.
absl::StatusOr<Model> ParseModel(const std::string& json, absl::string_view origin);

/// The model of a training's directory; nothing where an older version of pdarts trained it.
/// \error as ParseModel and Directory::ReadFile.
absl::StatusOr<std::optional<Model>> ReadRunModel(const std::string& run);

/// The model of a file of weights; nothing where its metadata has none.
/// \error as ParseModel. `file` names the origin.
absl::StatusOr<std::optional<Model>> ModelOfMetadata(
    const std::map<std::string, std::string>& metadata, const std::string& file);

}  // namespace pdarts

#endif  // PDARTS_RUNS_MODEL_H_
