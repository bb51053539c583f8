#include "pdarts/runs/run_architecture.h"

#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/derived_architecture.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/trace_check.h"
#include "pdarts/runs/run_names.h"

namespace pdarts {
namespace {

absl::Status Damaged(const absl::Status& status) {
  return status.ok() ? status : absl::DataLossError(status.message());
}

/// Reads and checks everything except the derivation trace. Sets `file` to the path of the file.
absl::StatusOr<DerivedArchitecture> Read(const std::string& run, const SearchSpace& space,
                                         std::string* file) {
  *file = (std::filesystem::path(run) / kArchitectureFile).string();
  const absl::StatusOr<std::string> text = ReadFile(*file);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat(run, " holds no architecture yet: there is no readable ", kArchitectureFile));
  }
  PDARTS_RETURN_IF_ERROR(text.status());
  DerivedArchitecture found;
  PDARTS_RETURN_IF_ERROR(Damaged(ParseSpecInto(*text, *file, &found)));
  PDARTS_RETURN_IF_ERROR(Damaged(Annotate(CheckFound(space, found), *file)));
  return found;
}

}  // namespace

absl::StatusOr<DerivedArchitecture> ReadRunArchitecture(const std::string& run,
                                                        const SearchSpace& space) {
  std::string file;
  PDARTS_ASSIGN_OR_RETURN(DerivedArchitecture found, Read(run, space, &file));
  found.clear_trace();
  return found;
}

absl::StatusOr<DerivedArchitecture> ReadRunDerivation(const std::string& run,
                                                      const Experiment& experiment) {
  std::string file;
  PDARTS_ASSIGN_OR_RETURN(DerivedArchitecture found, Read(run, *experiment.space, &file));
  PDARTS_RETURN_IF_ERROR(Damaged(Annotate(
      CheckTrace(experiment.space->topology(), experiment.schedule->num_stages(), found.trace()),
      file)));
  return found;
}

}  // namespace pdarts
