#ifndef PDARTS_RUNS_RUN_ARCHITECTURE_H_
#define PDARTS_RUNS_RUN_ARCHITECTURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

// What a run found, from its architecture.textproto. The file may come from anyone: what is
// returned fits the space.

/// The architecture and its text, without the trace.
/// \error kNotFound if the run has found nothing yet; kDataLoss naming the file if it doesn't parse
/// or doesn't pass CheckFound.
absl::StatusOr<DerivedArchitecture> ReadRunArchitecture(const std::string& run,
                                                        const SearchSpace& space);

/// The same with the trace of a search. `experiment` is the one that the run was made by.
/// \error as ReadRunArchitecture; kDataLoss too if the trace doesn't pass CheckTrace.
absl::StatusOr<DerivedArchitecture> ReadRunDerivation(const std::string& run,
                                                      const Experiment& experiment);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_ARCHITECTURE_H_
