#include "pdarts/benchmarks/nasbench301/model.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/benchmarks/nasbench301/features.h"
#include "pdarts/core/spec.h"

namespace pdarts::nasbench301 {
namespace {

absl::Status CheckFeatures(const AccuracyModel& model) {
  const std::vector<std::string>& names = FeatureNames();
  if (model.features_size() != static_cast<int>(names.size())) {
    return absl::InvalidArgumentError(absl::StrCat("features: has ", model.features_size(),
                                                   " elements, expected ", names.size()));
  }
  for (int i = 0; i < model.features_size(); ++i) {
    if (model.features(i).name() == names[i]) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "features[", i, "].name: \"", model.features(i).name(), "\", expected \"", names[i], "\""));
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const AccuracyModel& model) {
  const int expected = static_cast<int>(kCellKinds.size() * kOperations.size());
  if (model.count_limits_size() != expected) {
    return absl::InvalidArgumentError(absl::StrCat("count_limits: has ", model.count_limits_size(),
                                                   " elements, expected ", expected,
                                                   ", one for each cell kind and operation"));
  }
  for (int i = 0; i < expected; ++i) {
    const CountLimit& limit = model.count_limits(i);
    const absl::string_view kind = kCellKinds[i / kOperations.size()];
    const absl::string_view operation = kOperations[i % kOperations.size()];
    if (limit.cell_kind() == kind && limit.operation() == operation) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("count_limits[", i, "]: is of the ", limit.cell_kind(), " cell and ",
                     limit.operation(), ", expected the ", kind, " cell and ", operation));
  }
  return absl::OkStatus();
}

absl::Status CheckLeverage(const AccuracyModel& model) {
  for (int i = 0; i < model.leverage_rows_size(); ++i) {
    const int size = model.leverage_rows(i).coefficients_size();
    if (size == model.features_size()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("leverage_rows[", i, "].coefficients: has ", size, " elements, expected ",
                     model.features_size(), ", one for each feature"));
  }
  return absl::OkStatus();
}

absl::Status Check(const AccuracyModel& model) {
  PDARTS_RETURN_IF_ERROR(ValidateMessage(model, ""));
  PDARTS_RETURN_IF_ERROR(CheckFeatures(model));
  PDARTS_RETURN_IF_ERROR(CheckLimits(model));
  PDARTS_RETURN_IF_ERROR(CheckLeverage(model));
  for (int i = 1; i < model.quantiles_size(); ++i) {
    if (model.quantiles(i) >= model.quantiles(i - 1)) continue;
    return absl::InvalidArgumentError(absl::StrCat("quantiles[", i, "]: ", model.quantiles(i),
                                                   " is below the one before it, ",
                                                   model.quantiles(i - 1)));
  }
  return absl::OkStatus();
}

/// The percentage of random architectures whose prediction is below `accuracy`.
double Percentile(const AccuracyModel& model, double accuracy) {
  const auto& quantiles = model.quantiles();
  const auto above = std::lower_bound(quantiles.begin(), quantiles.end(), accuracy);
  if (above == quantiles.begin()) return 0;
  if (above == quantiles.end()) return 100;
  const double below = *(above - 1);
  const double place =
      static_cast<double>(above - 1 - quantiles.begin()) + (accuracy - below) / (*above - below);
  return 100 * place / (quantiles.size() - 1);
}

double Leverage(const AccuracyModel& model, const std::vector<double>& features) {
  double leverage = 0;
  for (const LeverageRow& row : model.leverage_rows()) {
    double length = 0;
    for (int i = 0; i < row.coefficients_size(); ++i) {
      length += row.coefficients(i) * (features[i] - model.features(i).mean());
    }
    leverage += length * length;
  }
  return leverage;
}

/// Whether every operation of the cells is one of kOperations, and no operation is on too many
/// edges.
bool HasUsualCounts(const AccuracyModel& model, const Architecture& architecture) {
  const OperationCounts counts = CountOperations(architecture);
  for (size_t kind = 0; kind < kCellKinds.size(); ++kind) {
    int counted = 0;
    for (size_t operation = 0; operation < kOperations.size(); ++operation) {
      const int count = counts[kind][operation];
      counted += count;
      const size_t limit = kind * kOperations.size() + operation;
      if (count > model.count_limits(static_cast<int>(limit)).max()) return false;
    }
    if (counted < architecture.cells(static_cast<int>(kind)).edges_size()) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<AccuracyModel> ReadModel(absl::string_view text, absl::string_view file) {
  AccuracyModel model;
  PDARTS_RETURN_IF_ERROR(ParseSpecInto(text, file, &model));
  PDARTS_RETURN_IF_ERROR(Annotate(Check(model), file));
  return model;
}

Prediction Predict(const AccuracyModel& model, const Architecture& architecture) {
  const std::vector<double> features = Features(architecture);
  Prediction prediction;
  prediction.accuracy = model.intercept();
  for (int i = 0; i < model.features_size(); ++i) {
    prediction.accuracy += model.features(i).weight() * features[i];
  }
  prediction.low = prediction.accuracy - model.interval();
  prediction.high = prediction.accuracy + model.interval();
  prediction.percentile = Percentile(model, prediction.accuracy);
  prediction.leverage = Leverage(model, features);
  prediction.extrapolated =
      !HasUsualCounts(model, architecture) || prediction.leverage > model.max_leverage();
  return prediction;
}

}  // namespace pdarts::nasbench301
