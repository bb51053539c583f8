#include "pdarts/sessions/run_data.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {

absl::StatusOr<FoundData> FindDataOfRun(const Dataset& dataset, LoadOptions options,
                                        const DataProvenance& provenance, std::ostream* notes) {
  absl::StatusOr<DatasetSplits> data = dataset.Load(options);
  if (data.ok()) return FoundData{*std::move(data), options.data_dir};
  if (!absl::IsNotFound(data.status()) || !options.data_dir.empty() || provenance.source.empty()) {
    return data.status();
  }
  // `source` is the data folder itself, or lies within it. The data folder may hold other files,
  // which a dataset could read as its own.
  const std::filesystem::path source = provenance.source;
  for (const std::filesystem::path& folder : {source, source.parent_path()}) {
    options.data_dir = folder.string();
    absl::StatusOr<DatasetSplits> found = dataset.Load(options);
    if (absl::IsNotFound(found.status())) continue;
    if (!found.ok()) return found.status();
    if (found->source != provenance.source) continue;
    if (!provenance.has_same_data(*found)) {
      return absl::FailedPreconditionError(
          absl::StrCat(provenance.source,
                       " holds other data than the run read there; name the folder by --data_dir "
                       "to use them nevertheless"));
    }
    Tell({absl::StrCat("the data are read from ", provenance.source, ", as the run did")}, notes);
    return FoundData{*std::move(found), options.data_dir};
  }
  return absl::NotFoundError(absl::StrCat(data.status().message(), "; nor are they in ",
                                          provenance.source, ", where the run read them"));
}

absl::StatusOr<DatasetSplits> LoadDataOfRun(const Dataset& dataset, LoadOptions options,
                                            const DataProvenance& provenance, std::ostream* notes) {
  PDARTS_ASSIGN_OR_RETURN(FoundData found,
                          FindDataOfRun(dataset, std::move(options), provenance, notes));
  return std::move(found.splits);
}

DataProvenance DataProvenanceOfRun(const std::string& run) {
  DataProvenance provenance;
  const absl::StatusOr<RunResult> result = ReadRunResult(run);
  if (!result.ok()) return provenance;
  provenance.source = result->dataset_source();
  provenance.has_same_data = [checksum = result->dataset_checksum()](const DatasetSplits& data) {
    return data.checksum == checksum;
  };
  return provenance;
}

}  // namespace pdarts
