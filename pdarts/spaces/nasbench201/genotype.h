#ifndef PDARTS_SPACES_NASBENCH201_GENOTYPE_H_
#define PDARTS_SPACES_NASBENCH201_GENOTYPE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {

/// Reads an architecture (docs/algorithm.md, "Genotypes") in any of the forms in which programs
/// publish it (docs/files.md): its
/// text, alone or within another one (`Structure(4 nodes with |...|)`, `genotype: |...|`, a log, a
/// program, JSON), or lists of the nodes' operations and inputs.
/// \error kInvalidArgument naming the column, and the line if it is not the first, and what was
/// expected there; if the text holds several architectures that differ; if it holds numbers, which
/// programs use in different orders.
absl::StatusOr<CellOperations> ParseGenotype(absl::string_view text);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_GENOTYPE_H_
