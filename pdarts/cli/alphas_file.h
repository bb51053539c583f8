#ifndef PDARTS_CLI_ALPHAS_FILE_H_
#define PDARTS_CLI_ALPHAS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// What another program's alphas say.
struct GivenAlphas {
  EdgeProbabilities probabilities;
  std::vector<std::string> notes;  ///< of how the file was understood
};

/// Reads alphas, a row an edge and a column a candidate, from the bytes of a NumPy file (arrays
/// `[edges,candidates]` or `[kinds,edges,candidates]`) or of a text: rows as lines, as lists in
/// brackets, or as NumPy and PyTorch print them. Names that hold the name of a cell kind say which
/// kind the rows after them belong to; without names the kinds follow each other in the topology's
/// order. Rows whose sum is 1 are probabilities; others become probabilities by the softmax.
/// \error kInvalidArgument naming the row, and how many rows and numbers were expected; as
/// ReadNumpyFile.
absl::StatusOr<GivenAlphas> ReadAlphas(const Topology& topology, const Candidates& candidates,
                                       absl::string_view bytes);

}  // namespace pdarts

#endif  // PDARTS_CLI_ALPHAS_FILE_H_
