#ifndef PDARTS_RUNS_ANY_SPEC_H_
#define PDARTS_RUNS_ANY_SPEC_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace pdarts {

// Functions for a spec whose kind is not known yet: the spec of a search (ExperimentSpec) or of a
// training (TrainSpec). A text that fits both kinds, because it has none of the fields in which
// they differ, is read as the spec of a search.

/// Whether the spec is the spec of a training.
bool IsTraining(const google::protobuf::Message& spec);

/// The settings that distinguish a run from the other runs of its sweep: the field `grid` of the
/// spec.
std::vector<std::string> GridOf(const google::protobuf::Message& spec);

/// Replaces the settings in the field `grid`.
void SetGrid(const std::vector<std::string>& settings, google::protobuf::Message* spec);

/// Reads a spec of either kind. Error messages name `file`.
/// \error as ParseSpec; if the text fits neither kind, the message says for each kind what is
/// wrong.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ParseAnySpec(absl::string_view text,
                                                                        absl::string_view file);

/// Reads a spec of either kind from a file or a pipe that a user names. \error as ReadSpecFile.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadAnySpecFile(const std::string& path);

/// Reads the spec of a run. \error kNotFound if `run` is not a run directory; as ParseAnySpec.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadAnyRunSpec(const std::string& run);

}  // namespace pdarts

#endif  // PDARTS_RUNS_ANY_SPEC_H_
