#ifndef PDARTS_BENCHMARKS_NASBENCH201_TABLE_H_
#define PDARTS_BENCHMARKS_NASBENCH201_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::nasbench201 {

/// The content of a CSV file of accuracies.
struct Table {
  struct Column {
    std::string dataset;             ///< "cifar10" for the header "cifar10_test_accuracy"
    std::vector<double> accuracies;  ///< [code] in percent
  };
  std::vector<int> codes;  ///< ToCode of the architecture of each row, in the order of the file
  std::vector<Column> columns;
};

/// Reads a header `architecture,<dataset>_test_accuracy,...` and a row for each of the 15,625
/// architectures, in any order. Error messages name `file`.
/// \error kInvalidArgument as "file:line: ..." for a header of another form, a repeated dataset, a
/// row with too few or too many fields, an architecture that does not parse (with the column) or
/// that had a row before, and an accuracy that is not a number from 0 to 100; or naming an
/// architecture that has no row.
absl::StatusOr<Table> ReadTable(absl::string_view text, absl::string_view file);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_BENCHMARKS_NASBENCH201_TABLE_H_
