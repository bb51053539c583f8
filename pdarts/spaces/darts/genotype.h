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

/// How a genotype lists the edges of a cell (docs/algorithm.md, "Genotypes").
enum class GenotypeForm {
  /// `normal=[('skip_connect', 0), ...]`: eight edges, two for each node.
  kFlat,
  /// `normal=[[('skip_connect', 0), ...], ...]`: a list for each node.
  kNested,
};

/// Reads a genotype in any of the published forms (docs/files.md):
/// - `Genotype(...)` of Python, alone, in a program or in a log, with fields by name or by
///   position, with edges flat or node by node, with or without weights,
/// - dicts and JSON,
/// - configurations of NAS-Bench-301,
/// - pairs of numbers in the order of NASLib.
/// The edges keep their order. ReadingNotes gets what a user should know about how the text was
/// understood. The caller sets Architecture::space.
/// \error kInvalidArgument as "line 1, column 23: ...", with what was expected there; or naming the
/// definitions if the text holds several different architectures.
absl::StatusOr<Architecture> ParseGenotype(absl::string_view text);

/// Writes an architecture that CheckGenotype accepts, in the order of its edges.
std::string FormatGenotype(const Architecture& architecture, GenotypeForm form);

/// Checks the conditions of the space that its topology does not express: two edges from two
/// different inputs for each node, node by node, and an output of all four nodes.
/// \error kInvalidArgument naming the cell and the node.
absl::Status CheckGenotype(const Architecture& architecture);

/// A text that is the same for isomorphic architectures. These differ only in the order of a node's
/// two edges, or in the order of the intermediate nodes, and their networks compute the same
/// functions with permuted channels. `architecture` is one that CheckGenotype accepts.
std::string CanonicalGenotype(const Architecture& architecture);

/// Published architectures by their names, as flat text.
std::vector<std::pair<std::string, std::string>> KnownGenotypes();

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_GENOTYPE_H_
