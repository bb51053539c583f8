#ifndef PDARTS_BENCHMARKS_NASBENCH301_MODEL_H_
#define PDARTS_BENCHMARKS_NASBENCH301_MODEL_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/benchmarks/nasbench301/accuracy_model.pb.h"
#include "pdarts/core/architecture.pb.h"

namespace pdarts::nasbench301 {

/// Reads a model from text. `file` names it in errors.
/// \error kInvalidArgument as "file:line:column: ..." if the text is no AccuracyModel, and as
/// "file: field: ..." if a field is missing or holds something else than expected.
absl::StatusOr<AccuracyModel> ReadModel(absl::string_view text, absl::string_view file);

struct Prediction {
  double accuracy = 0;        ///< percent
  double low = 0;             ///< percent; the accuracy lies between low and high nine times in ten
  double high = 0;            ///< percent
  double percentile = 0;      ///< share of random architectures with a lower prediction, in percent
  double leverage = 0;        ///< at most AccuracyModel::max_leverage inside the data
  bool extrapolated = false;  ///< whether the architecture lies outside the model's data
};

/// model: that ReadModel returned. architecture: of the space darts, as darts::CheckGenotype
/// accepts it.
Prediction Predict(const AccuracyModel& model, const Architecture& architecture);

}  // namespace pdarts::nasbench301

#endif  // PDARTS_BENCHMARKS_NASBENCH301_MODEL_H_
