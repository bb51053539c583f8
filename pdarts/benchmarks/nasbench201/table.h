#ifndef PDARTS_BENCHMARKS_NASBENCH201_TABLE_H_
#define PDARTS_BENCHMARKS_NASBENCH201_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::nasbench201 {

/// A CSV of accuracies, read.
struct Table {
  struct Column {
    std::string dataset;             ///< "cifar10" of the header "cifar10_test_accuracy"
    std::vector<double> accuracies;  ///< [code] in percent
  };
  std::vector<int> codes;  ///< ToCode of each row's architecture, in the file's order
  std::vector<Column> columns;
};

/// Reads a header `architecture,<dataset>_test_accuracy,...` and a row for each of the 15,625
/// architectures, in any order. `file` names the text in errors.
/// \error kInvalidArgument as "file:line: ...": a header of another form, a data set twice, a row
/// with too few or too many fields, an architecture that doesn't parse (with the column) or that
/// had a row before, an accuracy that is no number from 0 to 100; or naming an architecture that
/// has no row.
absl::StatusOr<Table> ReadTable(absl::string_view text, absl::string_view file);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_BENCHMARKS_NASBENCH201_TABLE_H_
