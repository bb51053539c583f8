#include "pdarts/core/benchmark.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {

// Each kind of benchmark implements only its own methods. The public methods check the kind, and
// never call the methods of the other kind.
std::string Benchmark::DoText(int /*index*/) const { return ""; }
absl::StatusOr<int> Benchmark::DoIndex(absl::string_view /*text*/) const {
  return Fault("does not number its architectures");
}
const std::vector<double>& Benchmark::DoAccuracies(absl::string_view /*dataset*/) const {
  static const auto* const none = new std::vector<double>;
  return *none;
}
absl::Status Benchmark::DoAddTable(const std::string& /*file*/) { return Fault("reads no tables"); }
absl::StatusOr<BenchmarkScore> Benchmark::DoPredict(absl::string_view /*architecture*/,
                                                    absl::string_view /*dataset*/) const {
  return Fault("does not predict");
}
absl::Status Benchmark::DoUseModel(const std::string& /*file*/) { return Fault("reads no models"); }

absl::Status Benchmark::CheckHasTable() const {
  if (!predicts()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the ", title(), " predicts accuracies: it has no table of architectures"));
}

absl::Status Benchmark::CheckIndex(int index) const {
  if (index >= 0 && index < size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("architecture ", index, ": the benchmark numbers them from 0 to ", size() - 1));
}

absl::StatusOr<std::string> Benchmark::DatasetNamed(absl::string_view dataset) const {
  std::string name = dataset.empty() ? default_dataset() : std::string(dataset);
  const std::vector<std::string> known = datasets();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    return absl::NotFoundError(absl::StrCat("the benchmark has no accuracy on the dataset \"", name,
                                            "\"; it has: ", absl::StrJoin(known, ", ")));
  }
  return name;
}

absl::StatusOr<const std::vector<double>*> Benchmark::Accuracies(absl::string_view dataset) const {
  const std::vector<double>& accuracies = DoAccuracies(dataset);
  if (accuracies.size() != static_cast<size_t>(size())) {
    return Fault(absl::StrCat("has ", accuracies.size(), " accuracies on ", dataset, " of ", size(),
                              " architectures"));
  }
  return &accuracies;
}

absl::StatusOr<std::string> Benchmark::Text(int index) const {
  PDARTS_RETURN_IF_ERROR(CheckHasTable());
  PDARTS_RETURN_IF_ERROR(CheckIndex(index));
  return DoText(index);
}

absl::StatusOr<int> Benchmark::Index(absl::string_view text) const {
  PDARTS_RETURN_IF_ERROR(CheckHasTable());
  PDARTS_ASSIGN_OR_RETURN(const int index, DoIndex(text));
  if (!CheckIndex(index).ok()) {
    return Fault(absl::StrCat("gives the number ", index, " to an architecture, of ", size()));
  }
  return index;
}

absl::StatusOr<BenchmarkScore> Benchmark::Score(absl::string_view architecture,
                                                absl::string_view dataset) const {
  if (!predicts()) {
    PDARTS_ASSIGN_OR_RETURN(const int index, Index(architecture));
    return Score(index, dataset);
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string name, DatasetNamed(dataset));
  PDARTS_ASSIGN_OR_RETURN(BenchmarkScore score, DoPredict(architecture, name));
  if (!std::isfinite(score.accuracy()) || score.interval_size() != 2 ||
      score.has_percentile() == score.extrapolated()) {
    return Fault(absl::StrCat("gives a prediction without a number, an interval or a percentile: ",
                              score.ShortDebugString()));
  }
  score.set_architecture(std::string(architecture));
  score.set_dataset(name);
  score.set_predicted(true);
  return score;
}

absl::StatusOr<BenchmarkScore> Benchmark::Score(int index, absl::string_view dataset) const {
  PDARTS_RETURN_IF_ERROR(CheckHasTable());
  PDARTS_RETURN_IF_ERROR(CheckIndex(index));
  PDARTS_ASSIGN_OR_RETURN(const std::string name, DatasetNamed(dataset));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<double>* const accuracies, Accuracies(name));
  const double accuracy = (*accuracies)[index];
  const auto better = std::count_if(accuracies->begin(), accuracies->end(),
                                    [&](double other) { return other > accuracy; });
  BenchmarkScore score;
  score.set_architecture(DoText(index));
  score.set_number(index);
  score.set_dataset(name);
  score.set_accuracy(accuracy);
  score.set_rank(static_cast<int>(better) + 1);
  const double others = std::max(1, size() - 1);
  score.set_percentile(100 * (1 - static_cast<double>(better) / others));
  // The values of tables have few decimals. Rounding removes the errors of the subtraction of
  // doubles.
  const double regret = *std::max_element(accuracies->begin(), accuracies->end()) - accuracy;
  score.set_regret(std::round(regret * 1e9) / 1e9);
  return score;
}

absl::StatusOr<std::vector<int>> Benchmark::Best(int count, absl::string_view dataset) const {
  PDARTS_RETURN_IF_ERROR(CheckHasTable());
  if (count < 0) {
    return absl::InvalidArgumentError(absl::StrCat("the best ", count, ": a negative number"));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string name, DatasetNamed(dataset));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<double>* const accuracies, Accuracies(name));
  std::vector<int> order(accuracies->size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return (*accuracies)[a] > (*accuracies)[b]; });
  order.resize(std::min<size_t>(order.size(), count));
  return order;
}

absl::Status Benchmark::AddTable(const std::string& file) {
  PDARTS_RETURN_IF_ERROR(CheckHasTable());
  return DoAddTable(file);
}

absl::Status Benchmark::UseModel(const std::string& file) {
  if (!predicts()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the ", title(), " looks accuracies up in a table: it has no model"));
  }
  return DoUseModel(file);
}

std::string ScoreLine(const BenchmarkScore& score, int size) {
  if (!score.predicted()) {
    return absl::StrFormat("%s %.4f%%, rank %d of %d, percentile %.2f, regret %.4f",
                           score.dataset(), score.accuracy(), score.rank(), size,
                           score.percentile(), score.regret());
  }
  return absl::StrFormat(
      "%s %.2f%% predicted (%.2f to %.2f nine times in ten), %s", score.dataset(), score.accuracy(),
      score.interval(0), score.interval(1),
      score.extrapolated()
          ? "outside the model's data"
          : absl::StrFormat("above %.1f%% of random architectures", score.percentile()));
}

}  // namespace pdarts
