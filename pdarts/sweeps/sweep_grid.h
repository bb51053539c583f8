#ifndef PDARTS_SWEEPS_SWEEP_GRID_H_
#define PDARTS_SWEEPS_SWEEP_GRID_H_

#include <string>
#include <vector>

namespace pdarts {

/// A field of a spec and the values that a sweep gives it.
struct GridField {
  std::string path;                 ///< as in --set: "search.alphas.learning_rate"
  std::vector<std::string> values;  ///< at least one
};

/// Settings in the form of --set, one for each field of a grid.
using Combination = std::vector<std::string>;

/// All combinations of values. The values of the last field change first. Without fields, there is
/// one combination, which is empty.
std::vector<Combination> CombinationsOf(const std::vector<GridField>& grid);

/// The text that a combination adds to the name of its run directory: "-learning_rate=6e-4". The
/// text has the last part of each field's path. If two fields have the same last part, it has the
/// whole path. A value that is long, or has other characters than letters, digits, '.', '_', '+'
/// and '-', is shortened and ends with a part of its checksum. Empty for an empty combination.
std::string DirectorySuffix(const std::vector<GridField>& grid, const Combination& combination);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_SWEEP_GRID_H_
