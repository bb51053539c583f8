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

/// Reads a spec from text. `file` names the text in errors. \error kInvalidArgument as
/// "file:line:column: what is wrong". For an unknown plugin type, the message lists the known ones.
absl::StatusOr<ExperimentSpec> ParseSpec(absl::string_view text, absl::string_view file);

/// Reads a spec from a file or a pipe. \error kNotFound if there is no such file; as ReadFileOrPipe
/// and ParseSpec.
absl::StatusOr<ExperimentSpec> ReadSpecFile(const std::string& path);

/// As ParseSpec and ReadSpecFile, for a spec of any message type.
absl::Status ParseSpecInto(absl::string_view text, absl::string_view file,
                           google::protobuf::Message* spec);
absl::Status ReadSpecFileInto(const std::string& path, google::protobuf::Message* spec);

/// Sets each unset field that has a default to this default, also in configs of plugins, so that
/// the spec states all settings of a run. These fields stay unset: scalars without a default,
/// plugins, messages with FieldRules::optional_message, and messages in whose place the spec has a
/// list (FieldRules::instead_of).
/// \error kNotFound if a plugin type is not linked into this program.
absl::Status CompleteSpec(google::protobuf::Message* spec);

/// Sets one field: "search.batch_size=32", "schedule.stages[1].channels=8",
/// "regularizers[skip_dropout].initial_rates[2]=0.5". A path goes through configs of plugins and
/// ends at a scalar or at a list of scalars. A plugin in a list is named by its number, or by its
/// short name if the list has only one plugin of this name. An index that is equal to the length of
/// a list appends an element. An appended message begins as a copy of the last one. "a=[1,2]" sets
/// a whole list of scalars.
/// \error kInvalidArgument or kNotFound naming the wrong part of the path or the wrong value, and
/// the expected one.
absl::Status SetField(google::protobuf::Message* spec, absl::string_view assignment);

/// Checks every field of a message against the rules in its proto, also in configs of plugins.
/// `path` is the prefix of the names of the fields in errors.
/// \error kInvalidArgument naming the path of the field, its value, and the expected value.
absl::Status ValidateMessage(const google::protobuf::Message& message, const std::string& path);

/// Checks that the name of a run can name its directory. \error kInvalidArgument if it cannot.
absl::Status CheckRunName(const std::string& name);

/// Checks all fields and the name of a spec. \error as ValidateMessage and CheckRunName.
absl::Status ValidateSpec(const ExperimentSpec& spec);

/// The range of a field from its rules, in the form of errors: "[1, 65536]", "(0, infinity)".
std::string FieldRange(const google::protobuf::FieldDescriptor& field);

/// The spec as text that ParseSpec reads. Plugins are expanded.
std::string PrintSpec(const google::protobuf::Message& spec);

/// Whether a run of one spec may continue as a run of the other spec, which has the same type: both
/// differ only in fields that may change in a run (FieldRules::may_change). Such fields do not
/// count within lists of messages and within the configs of plugins.
bool ComputeTheSame(const google::protobuf::Message& a, const google::protobuf::Message& b);

/// The fields in which two messages of the same type differ: "modified: search.batch_size: 8 -> 16;
/// ..."; empty if there are no differences.
std::string MessageDifferences(const google::protobuf::Message& before,
                               const google::protobuf::Message& now);

}  // namespace pdarts

#endif  // PDARTS_CORE_SPEC_H_
