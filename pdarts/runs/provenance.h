#ifndef PDARTS_RUNS_PROVENANCE_H_
#define PDARTS_RUNS_PROVENANCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/runs/provenance.pb.h"

namespace pdarts {

/// Compares what a run was made with and what it would go on with. Returns what changed of what
/// decides its last bits, "threads was 2, is 1": the run may then end otherwise than it would have.
/// \error kFailedPrecondition if the dataset isn't the same.
absl::StatusOr<std::vector<std::string>> CompareProvenance(const Provenance& before,
                                                           const Provenance& now);

/// Copies every field that is set in `from` and that `to` has under the same name, with the same
/// type: numbers, texts, and lists of numbers (double) and texts. Files of runs spell the
/// provenance, and a training's row of the results table, in this way.
void CopyCommonFields(const google::protobuf::Message& from, google::protobuf::Message* to);

}  // namespace pdarts

#endif  // PDARTS_RUNS_PROVENANCE_H_
