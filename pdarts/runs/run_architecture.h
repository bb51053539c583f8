#ifndef PDARTS_RUNS_RUN_ARCHITECTURE_H_
#define PDARTS_RUNS_RUN_ARCHITECTURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

// Reads the derived architecture of a run from architecture.textproto. The file may come from
// anybody. The functions return only architectures that fit the search space.

/// The architecture and its text, without the derivation trace.
/// \error kNotFound if the run has not derived an architecture yet; kDataLoss naming the file if it
/// does not parse or does not pass CheckFound.
absl::StatusOr<DerivedArchitecture> ReadRunArchitecture(const std::string& run,
                                                        const SearchSpace& space);

/// The architecture and its text, with the derivation trace of a search. `experiment` is the
/// experiment of the run.
/// \error as ReadRunArchitecture; kDataLoss also if the trace does not pass CheckTrace.
absl::StatusOr<DerivedArchitecture> ReadRunDerivation(const std::string& run,
                                                      const Experiment& experiment);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_ARCHITECTURE_H_
