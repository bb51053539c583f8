#ifndef PDARTS_BENCHMARKS_NASBENCH301_MODEL_H_
#define PDARTS_BENCHMARKS_NASBENCH301_MODEL_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/benchmarks/nasbench301/accuracy_model.pb.h"
#include "pdarts/core/architecture.pb.h"

namespace pdarts::nasbench301 {

/// Reads a model from text. Error messages name `file`.
/// \error kInvalidArgument as "file:line:column: ..." if the text is not an AccuracyModel, and as
/// "file: field: ..." if a field is missing or has a wrong value.
absl::StatusOr<AccuracyModel> ReadModel(absl::string_view text, absl::string_view file);

struct Prediction {
  double accuracy = 0;    ///< percent
  double low = 0;         ///< lower bound of the 90% interval, in percent
  double high = 0;        ///< percent
  double percentile = 0;  ///< percentage of random architectures with a lower prediction
  double leverage = 0;  ///< at most AccuracyModel::max_leverage for an architecture inside the data
  bool extrapolated = false;  ///< whether the architecture lies outside of the data of the model
};

/// `model` is a result of ReadModel. `architecture` belongs to the space darts, and
/// darts::CheckGenotype accepts it.
Prediction Predict(const AccuracyModel& model, const Architecture& architecture);

}  // namespace pdarts::nasbench301

#endif  // PDARTS_BENCHMARKS_NASBENCH301_MODEL_H_
