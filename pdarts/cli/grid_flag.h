#ifndef PDARTS_CLI_GRID_FLAG_H_
#define PDARTS_CLI_GRID_FLAG_H_

#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/status/statusor.h"
#include "pdarts/cli/flags.h"
#include "pdarts/sweeps/sweep_grid.h"

namespace pdarts {

struct GridFlagTag;

/// Reads fields with their values from texts of the form FIELD=V1,V2. Commas within brackets,
/// parentheses or quotation marks do not separate values: `[0,0,0]` is one value.
/// \error kInvalidArgument naming the text if it has another form, if a value is empty, if a field
/// or a value is repeated, or if other flags give the field (seed, name).
absl::StatusOr<std::vector<GridField>> ParseGrid(const std::vector<std::string>& texts);

}  // namespace pdarts

ABSL_DECLARE_FLAG(pdarts::StringList<pdarts::GridFlagTag>, grid);

#endif  // PDARTS_CLI_GRID_FLAG_H_
