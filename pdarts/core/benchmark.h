#ifndef PDARTS_CORE_BENCHMARK_H_
#define PDARTS_CORE_BENCHMARK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/benchmark.pb.h"
#include "pdarts/core/plugin.h"

namespace pdarts {

/// What is known of the accuracies of a search space's architectures: the truth, or an estimate of
/// it, to measure searches by. A benchmark either looks accuracies up in a table of trained
/// architectures, or predicts them with a model that was fitted to such a table (predicts()). It
/// knows architectures by their text in the space's default form. Plugins implement the `Do...`
/// methods of the one kind or of the other, and may rely on checked arguments.
class Benchmark : public Plugin {
 public:
  static constexpr char kKind[] = "benchmark";

  /// Short name of the search space whose architectures these are.
  virtual std::string space() const = 0;
  /// Whether the accuracies are predictions of a model. If so, there is no table: Text, Index,
  /// Score by number, Best and AddTable give kFailedPrecondition.
  virtual bool predicts() const { return false; }
  /// Number of architectures in the table, which numbers them in an order of its own; 0 if the
  /// benchmark predicts.
  virtual int size() const { return 0; }
  /// Names of the data sets that there are accuracies for; not empty.
  virtual std::vector<std::string> datasets() const = 0;
  /// The data set that is meant where none is named.
  virtual std::string default_dataset() const = 0;

  /// The data set that `dataset` means (empty: the default one).
  /// \error kNotFound, listing the known ones, if there is no such data set.
  absl::StatusOr<std::string> DatasetNamed(absl::string_view dataset) const;

  /// What the benchmark says of an architecture on `dataset` (empty: the default one). A looked-up
  /// score has rank, regret and number. A predicted score has `predicted`, `interval` and
  /// `extrapolated`; it has a percentile only if the architecture is not extrapolated.
  /// \error kInvalidArgument if the text is none of the space's, naming the position; kNotFound if
  /// the table lacks the architecture, or, listing the known ones, if there is no such data set.
  absl::StatusOr<BenchmarkScore> Score(absl::string_view architecture,
                                       absl::string_view dataset = "") const;

  /// Text of architecture number `index` of the table, from 0.
  /// \error kInvalidArgument if the index is out of range.
  absl::StatusOr<std::string> Text(int index) const;

  /// The number of an architecture in the table.
  /// \error kInvalidArgument if the text is none of the space's, naming the position; kNotFound if
  /// the table lacks the architecture.
  absl::StatusOr<int> Index(absl::string_view text) const;

  /// What the table says of architecture number `index` on `dataset` (empty: the default one).
  /// \error kInvalidArgument if the index is out of range; kNotFound, listing the known ones, if
  /// there is no such data set.
  absl::StatusOr<BenchmarkScore> Score(int index, absl::string_view dataset = "") const;

  /// Numbers of the `count` best architectures of the table (or all there are), best first, of
  /// equals in the benchmark's order.
  /// \error kInvalidArgument if `count` is negative; as Score for the data set.
  absl::StatusOr<std::vector<int>> Best(int count, absl::string_view dataset = "") const;

  /// Adds the data sets of a user's file, in place of those of the same name.
  /// \error kNotFound if it can't be read, kInvalidArgument naming file, line and what was expected
  /// there. The table stays as it was then.
  absl::Status AddTable(const std::string& file);

  /// Predicts with the model of a user's file from now on.
  /// \error kNotFound if it can't be read, kInvalidArgument naming file, field and what was
  /// expected there; the model stays as it was then. kFailedPrecondition if the benchmark has a
  /// table.
  absl::Status UseModel(const std::string& file);

 private:
  /// What a benchmark with a table implements, besides size().
  virtual std::string DoText(int index) const;
  virtual absl::StatusOr<int> DoIndex(absl::string_view text) const;
  /// Accuracies in percent, in the benchmark's order; `dataset` is one of datasets().
  virtual const std::vector<double>& DoAccuracies(absl::string_view dataset) const;
  virtual absl::Status DoAddTable(const std::string& file);

  /// What a benchmark that predicts implements: accuracy, interval, extrapolated and, unless that
  /// is true, percentile of an architecture; `dataset` is one of datasets().
  virtual absl::StatusOr<BenchmarkScore> DoPredict(absl::string_view architecture,
                                                   absl::string_view dataset) const;
  virtual absl::Status DoUseModel(const std::string& file);

  /// \error kFailedPrecondition if the benchmark predicts.
  absl::Status CheckHasTable() const;
  absl::Status CheckIndex(int index) const;
  /// The accuracies of a data set that a caller named.
  absl::StatusOr<const std::vector<double>*> Accuracies(absl::string_view dataset) const;
};

/// A score in one line. size: of the benchmark. A looked-up score:
/// "cifar10 93.6600%, rank 123 of 15625, percentile 99.22, regret 0.7133". A predicted one:
/// "cifar10 94.31% predicted (93.95 to 94.67 nine times in ten), above 96.1% of random
/// architectures"; if it is extrapolated, "outside the model's data" stands at the end instead.
std::string ScoreLine(const BenchmarkScore& score, int size);

}  // namespace pdarts

#endif  // PDARTS_CORE_BENCHMARK_H_
