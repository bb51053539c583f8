#ifndef PDARTS_RUNS_ANY_SPEC_H_
#define PDARTS_RUNS_ANY_SPEC_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace pdarts {

// Specs of which nobody knows yet whether they are of a search (ExperimentSpec) or of a training
// (TrainSpec). A text that fits both, because it has none of the fields in which they differ, is
// taken for a search's.

/// Whether the spec is of a training.
bool IsTraining(const google::protobuf::Message& spec);

/// The settings that tell a run from the others of its sweep: the spec's field `grid`.
std::vector<std::string> GridOf(const google::protobuf::Message& spec);

/// Replaces them.
void SetGrid(const std::vector<std::string>& settings, google::protobuf::Message* spec);

/// Reads a spec of either kind. `file` names it in errors.
/// \error as ParseSpec; if the text fits neither kind, it says what is wrong for each.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ParseAnySpec(absl::string_view text,
                                                                        absl::string_view file);

/// The same from a file or a pipe that a user names. \error as ReadSpecFile.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadAnySpecFile(const std::string& path);

/// The spec of a run. \error kNotFound if `run` is no run directory; as ParseAnySpec.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadAnyRunSpec(const std::string& run);

}  // namespace pdarts

#endif  // PDARTS_RUNS_ANY_SPEC_H_
