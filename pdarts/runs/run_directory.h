#ifndef PDARTS_RUNS_RUN_DIRECTORY_H_
#define PDARTS_RUNS_RUN_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/super_net.h"
#include "pdarts/runs/atomic_file.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {

/// The folder that one run writes.
///
///   spec.textproto          the complete spec, as run
///   log.jsonl               a line an event (LogEvent)
///   architecture.textproto  what was found, and why (DerivedArchitecture)
///   genotype.txt            the same in the space's own text form
///   supernet.safetensors    weights, alphas and statistics of the last stage's super-network
///   result.json             the row of the results table (RunResult); written last
class RunDirectory {
 public:
  /// Prepares `path` for a run of `spec`: makes the folder and writes the spec.
  /// \error kAlreadyExists if it holds a finished run, a run of another spec, or anything else, and
  /// `overwrite` isn't set; as WriteFileAtomically if it can't be written.
  static absl::StatusOr<std::unique_ptr<RunDirectory>> Create(const std::string& path,
                                                              const ExperimentSpec& spec,
                                                              bool overwrite);

  const std::string& path() const { return path_; }

  /// Appends a line to the log. \error as WriteFileAtomically.
  absl::Status Log(const LogEvent& event);

  /// Write the other files. \error as WriteFileAtomically.
  absl::Status WriteArchitecture(const DerivedArchitecture& architecture);
  absl::Status WriteSuperNet(const SuperNet& net);
  absl::Status WriteResult(const RunResult& result);

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  std::string File(absl::string_view name) const;

  const std::string path_;
  LineFile log_;
};

/// Reads the spec of a run. \error kNotFound if `path` is no run directory; errors of ParseSpec.
absl::StatusOr<ExperimentSpec> ReadRunSpec(const std::string& path);

/// Reads the result of a finished run.
/// \error kNotFound if there is none; kDataLoss if the file doesn't parse.
absl::StatusOr<RunResult> ReadRunResult(const std::string& path);

/// Reads what a run found. \error kNotFound if the run has found nothing yet; kDataLoss if the file
/// doesn't parse.
absl::StatusOr<DerivedArchitecture> ReadRunArchitecture(const std::string& path);

/// One line of JSON, with the proto's field names.
std::string ToJsonLine(const google::protobuf::Message& message);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_DIRECTORY_H_
