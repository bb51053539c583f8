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

/// A table of trained architectures of a search space: the truth to measure searches by. It knows
/// architectures by their text in the space's default form, and numbers them in an order of its
/// own. Plugins implement the `Do...` methods and may rely on checked arguments.
class Benchmark : public Plugin {
 public:
  static constexpr char kKind[] = "benchmark";

  /// Short name of the search space whose architectures these are.
  virtual std::string space() const = 0;
  /// Number of architectures.
  virtual int size() const = 0;
  /// Names of the data sets that there are accuracies for; not empty.
  virtual std::vector<std::string> datasets() const = 0;
  /// The data set that is meant where none is named.
  virtual std::string default_dataset() const = 0;

  /// Text of architecture number `index`, from 0.
  /// \error kInvalidArgument if the index is out of range.
  absl::StatusOr<std::string> Text(int index) const;

  /// The number of an architecture.
  /// \error kInvalidArgument if the text is none of the space's, naming the position; kNotFound if
  /// the table lacks the architecture.
  absl::StatusOr<int> Index(absl::string_view text) const;

  /// What the table says of architecture number `index` on `dataset` (empty: the default one).
  /// \error kInvalidArgument if the index is out of range; kNotFound, listing the known ones, if
  /// there is no such data set.
  absl::StatusOr<BenchmarkScore> Score(int index, absl::string_view dataset = "") const;

  /// Numbers of the `count` best architectures (or all there are), best first, of equals in the
  /// benchmark's order.
  /// \error kInvalidArgument if `count` is negative; as Score for the data set.
  absl::StatusOr<std::vector<int>> Best(int count, absl::string_view dataset = "") const;

  /// Adds the data sets of a user's file, in place of those of the same name.
  /// \error kNotFound if it can't be read, kInvalidArgument naming file, line and what was expected
  /// there. The table stays as it was then.
  absl::Status AddTable(const std::string& file) { return DoAddTable(file); }

 private:
  virtual std::string DoText(int index) const = 0;
  virtual absl::StatusOr<int> DoIndex(absl::string_view text) const = 0;
  /// Accuracies in percent, in the benchmark's order; `dataset` is one of datasets().
  virtual const std::vector<double>& DoAccuracies(absl::string_view dataset) const = 0;
  virtual absl::Status DoAddTable(const std::string& file) = 0;

  absl::Status CheckIndex(int index) const;
  /// The accuracies of a data set that a caller named.
  absl::StatusOr<const std::vector<double>*> Accuracies(absl::string_view dataset) const;
};

/// "cifar10 93.6600%, rank 123 of 15625, percentile 99.22, regret 0.7133".
std::string ScoreLine(const BenchmarkScore& score, int size);

}  // namespace pdarts

#endif  // PDARTS_CORE_BENCHMARK_H_
