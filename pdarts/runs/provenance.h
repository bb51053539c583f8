#ifndef PDARTS_RUNS_PROVENANCE_H_
#define PDARTS_RUNS_PROVENANCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/runs/provenance.pb.h"

namespace pdarts {

/// A field whose value differs between two environments.
struct EnvironmentDifference {
  std::string name;
  std::string before;
  std::string now;

  /// "threads was 2, is 1".
  std::string Text() const;
};

/// The differences between two environments in the fields `names`, in the order of `names`. before,
/// now: messages with these fields, such as Provenance and RunResult.
std::vector<EnvironmentDifference> EnvironmentDifferences(const google::protobuf::Message& before,
                                                          const google::protobuf::Message& now,
                                                          const std::vector<std::string>& names);

/// Compares the provenance with which a run was begun and the provenance with which it would be
/// resumed. Returns the changes that influence the last bits of the run, such as "threads was 2, is
/// 1". If there are any, the resumed run may end differently from the uninterrupted run.
/// \error kFailedPrecondition if the dataset is not the same.
absl::StatusOr<std::vector<std::string>> CompareProvenance(const Provenance& before,
                                                           const Provenance& now);

/// Copies each set field of `from` for which `to` has a field of the same name and type: numbers,
/// texts, and lists of numbers (double) and texts. The provenance in files of runs, and the row of
/// a training in the results table, are written in this way.
void CopyCommonFields(const google::protobuf::Message& from, google::protobuf::Message* to);

}  // namespace pdarts

#endif  // PDARTS_RUNS_PROVENANCE_H_
