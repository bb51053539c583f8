#include "pdarts/runs/search_row.h"

#include "pdarts/base/status_macros.h"
#include "pdarts/core/registry.h"
#include "pdarts/nn/network_counts.h"
#include "pdarts/runs/costs.h"

namespace pdarts {

absl::StatusOr<RunResult> SearchRow(const Experiment& experiment, const Architecture& found) {
  RunResult row;
  row.set_name(experiment.spec.name());
  row.set_dataset(PluginShortName(experiment.spec.dataset()));
  row.set_search_space(experiment.space->name());
  row.set_seed(static_cast<double>(experiment.spec.seed()));
  PDARTS_ASSIGN_OR_RETURN(*row.mutable_genotype(), experiment.space->Format(found));
  PDARTS_ASSIGN_OR_RETURN(NetworkShape shape, experiment.space->default_network_shape());
  shape.image = experiment.dataset->info().image;
  shape.classes = experiment.dataset->num_classes();
  PDARTS_ASSIGN_OR_RETURN(const NetworkCounts counts,
                          CountNetwork(*experiment.space, found, shape));
  SetCosts(counts, &row);
  row.set_network_cells(shape.cells);
  row.set_network_channels(shape.channels);
  return row;
}

}  // namespace pdarts
