#ifndef PDARTS_CLI_ALPHAS_FILE_H_
#define PDARTS_CLI_ALPHAS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// Alphas that another program wrote.
struct GivenAlphas {
  EdgeProbabilities probabilities;
  std::vector<std::string> notes;  ///< notes on how the file was understood
};

/// Reads alphas, with one row for each edge and one column for each candidate. `bytes` are a NumPy
/// file (arrays `[edges,candidates]` or `[kinds,edges,candidates]`) or a text. The rows of a text
/// are lines, or lists in brackets, or arrays as NumPy and PyTorch print them. If a name contains
/// the name of a cell kind, the rows after it belong to this cell kind. Without names, the cell
/// kinds have the order of the topology. Rows whose sum is 1 are probabilities. Other rows become
/// probabilities by the softmax.
/// \error kInvalidArgument naming the row and the expected numbers of rows and columns; as
/// ReadNumpyFile.
absl::StatusOr<GivenAlphas> ReadAlphas(const Topology& topology, const Candidates& candidates,
                                       absl::string_view bytes);

}  // namespace pdarts

#endif  // PDARTS_CLI_ALPHAS_FILE_H_
