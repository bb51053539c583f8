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

/// How a genotype lists a cell's edges (ALGORITHM 3).
enum class GenotypeForm {
  /// `normal=[('skip_connect', 0), ...]`: eight edges, two for each node.
  kFlat,
  /// `normal=[[('skip_connect', 0), ...], ...]`: a list for each node.
  kNested,
};

/// Reads `Genotype(normal=..., normal_concat=..., reduce=..., reduce_concat=...)`, Python's text of
/// a genotype, in either form; fields in any order, white space anywhere, either kind of quote,
/// `range(2, 6)` or `[2, 3, 4, 5]`. Keeps the written order of the edges. Architecture::space is
/// left to the caller.
/// \error kInvalidArgument as "line 1, column 23: ...", saying what was expected there.
absl::StatusOr<Architecture> ParseGenotype(absl::string_view text);

/// Writes an architecture that CheckGenotype accepts, in its own order.
std::string FormatGenotype(const Architecture& architecture, GenotypeForm form);

/// What the space asks of an architecture beyond its topology: node by node two edges from two
/// inputs, and the output of all four nodes.
/// \error kInvalidArgument naming the cell and the node.
absl::Status CheckGenotype(const Architecture& architecture);

/// PDARTS, DARTS_V1 and DARTS_V2 as flat text.
std::vector<std::pair<std::string, std::string>> KnownGenotypes();

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_GENOTYPE_H_
