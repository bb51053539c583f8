#ifndef PDARTS_CORE_SPEC_H_
#define PDARTS_CORE_SPEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// Reads a spec from text. `file` names it in errors.
/// \error kInvalidArgument as "file:line:column: what is wrong"; an unknown plugin type lists the
/// known ones.
absl::StatusOr<ExperimentSpec> ParseSpec(absl::string_view text, absl::string_view file);

/// Reads a spec from a file or a pipe. \error kNotFound if there is no such file; as ReadFileOrPipe
/// and ParseSpec.
absl::StatusOr<ExperimentSpec> ReadSpecFile(const std::string& path);

/// The same two for a spec of any message type.
absl::Status ParseSpecInto(absl::string_view text, absl::string_view file,
                           google::protobuf::Message* spec);
absl::Status ReadSpecFileInto(const std::string& path, google::protobuf::Message* spec);

/// Sets every field that is unset to its default, plugin configs included, so that the spec says
/// completely what will be run.
/// \error kNotFound if a plugin type isn't linked into this program.
absl::Status CompleteSpec(google::protobuf::Message* spec);

/// Sets one field: "search.batch_size=32", "schedule.stages[1].channels=8",
/// "regularizers[skip_dropout].initial_rates[2]=0.5". A path steps through plugin configs and ends
/// at a scalar; a plugin in a list is named by number, or by its short name if the list has only
/// one of that name. `a[n]` with n equal to the list's length appends; an appended message begins
/// as the one before it. "a=[1,2]" sets a whole list of scalars. \error kInvalidArgument or
/// kNotFound naming the part of the path or the value that is wrong, and what would be right.
absl::Status SetField(google::protobuf::Message* spec, absl::string_view assignment);

/// Checks every field of a message against the rules in its proto, plugin configs included. `path`
/// is put before the names of the message's fields.
/// \error kInvalidArgument naming the field's path, its value, and what was expected.
absl::Status ValidateMessage(const google::protobuf::Message& message, const std::string& path);

/// Checks that the name of a run can name its directory. \error kInvalidArgument if it can not.
absl::Status CheckRunName(const std::string& name);

/// Checks all fields and the name of a spec. \error as ValidateMessage and CheckRunName.
absl::Status ValidateSpec(const ExperimentSpec& spec);

/// The range that a field's rules allow, as errors show it: "[1, 65536]", "(0, infinity)".
std::string FieldRange(const google::protobuf::FieldDescriptor& field);

/// The spec as text that ParseSpec reads, plugins expanded.
std::string PrintSpec(const google::protobuf::Message& spec);

/// Whether a run of one spec may continue as a run of the other spec, which has the same type: both
/// differ only in fields that may change in a run (FieldRules::may_change). Such fields do not
/// count within lists of messages and within the configs of plugins.
bool ComputeTheSame(const google::protobuf::Message& a, const google::protobuf::Message& b);

/// The fields in which two messages of one type differ: "modified: search.batch_size: 8 -> 16;
/// ..."; empty if none does.
std::string MessageDifferences(const google::protobuf::Message& before,
                               const google::protobuf::Message& now);

}  // namespace pdarts

#endif  // PDARTS_CORE_SPEC_H_
