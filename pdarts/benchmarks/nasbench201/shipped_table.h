#ifndef PDARTS_BENCHMARKS_NASBENCH201_SHIPPED_TABLE_H_
#define PDARTS_BENCHMARKS_NASBENCH201_SHIPPED_TABLE_H_

namespace pdarts::nasbench201 {

/// The text of the CSV file in the repository, and its name. A genrule converts the file to a
/// source file.
extern const char* const kShippedTable;
extern const char* const kShippedTableFile;

}  // namespace pdarts::nasbench201

#endif  // PDARTS_BENCHMARKS_NASBENCH201_SHIPPED_TABLE_H_
