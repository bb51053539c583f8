#ifndef PDARTS_SPACES_DARTS_GENOTYPE_H_
#define PDARTS_SPACES_DARTS_GENOTYPE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"

namespace pdarts::darts {

/// How a genotype lists a cell's edges (docs/algorithm.md, "Genotypes").
enum class GenotypeForm {
  /// `normal=[('skip_connect', 0), ...]`: eight edges, two for each node.
  kFlat,
  /// `normal=[[('skip_connect', 0), ...], ...]`: a list for each node.
  kNested,
};

/// Reads a genotype in any of the forms in which programs publish them (docs/files.md):
/// `Genotype(...)` of Python, alone, in a program or in a log, fields by name or by position, edges
/// flat or node by node, with or without weights; dicts and JSON; NAS-Bench-301's configurations;
/// pairs of numbers in NASLib's order. Keeps the written order of the edges. What a user should
/// know of how the text was understood is told to ReadingNotes. Architecture::space is left to the
/// caller.
/// \error kInvalidArgument as "line 1, column 23: ...", saying what was expected there; naming the
/// definitions if the text holds several architectures that differ.
absl::StatusOr<Architecture> ParseGenotype(absl::string_view text);

/// Writes an architecture that CheckGenotype accepts, in its own order.
std::string FormatGenotype(const Architecture& architecture, GenotypeForm form);

/// What the space asks of an architecture beyond its topology: node by node two edges from two
/// inputs, and the output of all four nodes.
/// \error kInvalidArgument naming the cell and the node.
absl::Status CheckGenotype(const Architecture& architecture);

/// A text that is the same for isomorphic architectures, whose networks compute the same functions:
/// those that differ in the order of a node's two edges, or in the order of the intermediate nodes
/// (the networks' channels are permuted then). architecture: as CheckGenotype accepts it.
std::string CanonicalGenotype(const Architecture& architecture);

/// Published architectures by their names, as flat text.
std::vector<std::pair<std::string, std::string>> KnownGenotypes();

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_GENOTYPE_H_
