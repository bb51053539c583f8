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

/// The accuracies of the architectures of a search space, measured or predicted. Searches are
/// compared with them. A benchmark either looks accuracies up in a table of trained architectures,
/// or predicts accuracies with a model that was fitted to such a table (predicts()). A benchmark
/// identifies an architecture by its text in the default form of the space. A plugin implements the
/// `Do...` methods of one of the two kinds, and may rely on checked arguments.
class Benchmark : public Plugin {
 public:
  static constexpr char kKind[] = "benchmark";

  /// Short name of the search space of the benchmark.
  virtual std::string space() const = 0;
  /// Whether the accuracies are predictions of a model. If so, the benchmark has no table: Text,
  /// Index, Score with a number, Best and AddTable return kFailedPrecondition.
  virtual bool predicts() const { return false; }
  /// Number of architectures in the table. The order of the table numbers them. 0 if the benchmark
  /// predicts.
  virtual int size() const { return 0; }
  /// Names of the datasets for which the benchmark has accuracies; not empty.
  virtual std::vector<std::string> datasets() const = 0;
  /// The dataset that is used if a caller names none.
  virtual std::string default_dataset() const = 0;

  /// The name of the dataset that `dataset` stands for (empty: the default dataset).
  /// \error kNotFound, listing the known names, if the benchmark has no such dataset.
  absl::StatusOr<std::string> DatasetNamed(absl::string_view dataset) const;

  /// The score of an architecture on `dataset` (empty: the default dataset). A score from a table
  /// has rank, regret and number. A predicted score has `predicted`, `interval` and `extrapolated`.
  /// It has a percentile only if the architecture is not extrapolated.
  /// \error kInvalidArgument naming the position if the text is not an architecture of the space;
  /// kNotFound if the table lacks the architecture; kNotFound, listing the known names, if there is
  /// no such dataset.
  absl::StatusOr<BenchmarkScore> Score(absl::string_view architecture,
                                       absl::string_view dataset = "") const;

  /// Text of the architecture with number `index` in the table, from 0. \error kInvalidArgument if
  /// the index is out of range.
  absl::StatusOr<std::string> Text(int index) const;

  /// The number of an architecture in the table. \error kInvalidArgument naming the position if the
  /// text is not an architecture of the space; kNotFound if the table lacks the architecture.
  absl::StatusOr<int> Index(absl::string_view text) const;

  /// The score of the architecture with number `index` on `dataset` (empty: the default dataset).
  /// \error kInvalidArgument if the index is out of range; kNotFound, listing the known names, if
  /// there is no such dataset.
  absl::StatusOr<BenchmarkScore> Score(int index, absl::string_view dataset = "") const;

  /// Numbers of the `count` best architectures of the table, best first. If the table has fewer
  /// architectures, the result has all of them. Equal architectures are in the order of the table.
  /// \error kInvalidArgument if `count` is negative; as Score for the dataset.
  absl::StatusOr<std::vector<int>> Best(int count, absl::string_view dataset = "") const;

  /// Adds the datasets in a file of the user. They replace datasets with the same names.
  /// \error kNotFound if the file cannot be read; kInvalidArgument naming the file, the line and
  /// the expected content. After an error, the table is unchanged.
  absl::Status AddTable(const std::string& file);

  /// Reads a model from a file of the user, and predicts with it from now on.
  /// \error kNotFound if the file cannot be read; kInvalidArgument naming the file, the field and
  /// the expected content; kFailedPrecondition if the benchmark has a table. After an error, the
  /// model is unchanged.
  absl::Status UseModel(const std::string& file);

 private:
  /// A benchmark with a table implements the following methods and size().
  virtual std::string DoText(int index) const;
  virtual absl::StatusOr<int> DoIndex(absl::string_view text) const;
  /// Accuracies in percent, in the order of the table. `dataset` is an element of datasets().
  virtual const std::vector<double>& DoAccuracies(absl::string_view dataset) const;
  virtual absl::Status DoAddTable(const std::string& file);

  /// A benchmark that predicts implements this method. It returns accuracy, interval and
  /// extrapolated for an architecture, and the percentile unless the architecture is extrapolated.
  /// `dataset` is an element of datasets().
  virtual absl::StatusOr<BenchmarkScore> DoPredict(absl::string_view architecture,
                                                   absl::string_view dataset) const;
  virtual absl::Status DoUseModel(const std::string& file);

  /// \error kFailedPrecondition if the benchmark predicts.
  absl::Status CheckHasTable() const;
  absl::Status CheckIndex(int index) const;
  /// The accuracies of the dataset that a caller named.
  absl::StatusOr<const std::vector<double>*> Accuracies(absl::string_view dataset) const;
};

/// A score in one line. size: of the benchmark. A score from a table: "cifar10 93.6600%, rank 123
/// of 15625, percentile 99.22, regret 0.7133". A predicted score: "cifar10 94.31% predicted (93.95
/// to 94.67 nine times in ten), above 96.1% of random architectures". If the score is extrapolated,
/// the line ends with "outside the model's data" instead.
std::string ScoreLine(const BenchmarkScore& score, int size);

}  // namespace pdarts

#endif  // PDARTS_CORE_BENCHMARK_H_
