#ifndef PDARTS_CLI_SWEEP_GRID_H_
#define PDARTS_CLI_SWEEP_GRID_H_

#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/status/statusor.h"
#include "pdarts/cli/flags.h"

namespace pdarts {

struct GridFlagTag;

/// A field of a spec and the values that a sweep gives it.
struct GridField {
  std::string path;                 ///< as --set has it: "search.alphas.learning_rate"
  std::vector<std::string> values;  ///< at least one
};

/// Settings in the form of --set, one for each field of a grid.
using Combination = std::vector<std::string>;

/// Reads fields with their values from texts of the form FIELD=V1,V2. Commas within brackets,
/// parentheses or quotation marks separate no values: `[0,0,0]` is one value.
/// \error kInvalidArgument naming the text if it has another form, if a value is empty, if a field
/// or a value stands there twice, or if a field is given by other flags (seed, name).
absl::StatusOr<std::vector<GridField>> ParseGrid(const std::vector<std::string>& texts);

/// All combinations of values; the last field's values change first. Without fields there is one,
/// which is empty.
std::vector<Combination> CombinationsOf(const std::vector<GridField>& grid);

/// What a combination of the grid adds to the name of its run's directory: "-learning_rate=6e-4",
/// the last part of each field's path, or the whole path where two fields have the same last part.
/// A value that is long or has other characters than letters, digits, '.', '_', '+' and '-' is
/// shortened and ends in a part of its checksum. Empty for an empty combination.
std::string DirectorySuffix(const std::vector<GridField>& grid, const Combination& combination);

}  // namespace pdarts

ABSL_DECLARE_FLAG(pdarts::StringList<pdarts::GridFlagTag>, grid);

#endif  // PDARTS_CLI_SWEEP_GRID_H_
