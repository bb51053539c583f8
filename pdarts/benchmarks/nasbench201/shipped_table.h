#ifndef PDARTS_BENCHMARKS_NASBENCH201_SHIPPED_TABLE_H_
#define PDARTS_BENCHMARKS_NASBENCH201_SHIPPED_TABLE_H_

namespace pdarts::nasbench201 {

/// The text of the committed CSV, which a genrule makes into a source file, and its name.
extern const char* const kShippedTable;
extern const char* const kShippedTableFile;

}  // namespace pdarts::nasbench201

#endif  // PDARTS_BENCHMARKS_NASBENCH201_SHIPPED_TABLE_H_
