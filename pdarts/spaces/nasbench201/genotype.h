#ifndef PDARTS_SPACES_NASBENCH201_GENOTYPE_H_
#define PDARTS_SPACES_NASBENCH201_GENOTYPE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {

/// Reads an architecture (docs/algorithm.md, "Genotypes") in any of the published forms
/// (docs/files.md): its text, alone or within another text (`Structure(4 nodes with |...|)`,
/// `genotype: |...|`, a log, a program, JSON), or lists of the operations and inputs of the nodes.
/// \error kInvalidArgument naming the column, the line if it is not the first, and what was
/// expected there; if the text holds several different architectures; if it holds numbers, because
/// programs number the operations differently.
absl::StatusOr<CellOperations> ParseGenotype(absl::string_view text);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_GENOTYPE_H_
