#include "pdarts/cli/run_data.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "pdarts/cli/run_session.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {

absl::StatusOr<DatasetSplits> LoadDataOfRun(const Dataset& dataset, LoadOptions options,
                                            const RunOrigin& origin) {
  absl::StatusOr<DatasetSplits> data = dataset.Load(options);
  if (!absl::IsNotFound(data.status()) || !options.data_dir.empty() || origin.source.empty()) {
    return data;
  }
  // A source is a folder within the data folder, or the data folder itself.
  const std::filesystem::path source = origin.source;
  for (const std::filesystem::path& folder : {source.parent_path(), source}) {
    options.data_dir = folder.string();
    absl::StatusOr<DatasetSplits> found = dataset.Load(options);
    if (absl::IsNotFound(found.status())) continue;
    if (!found.ok()) return found.status();
    if (found->source != origin.source) continue;
    if (!origin.has_same_data(*found)) {
      return absl::FailedPreconditionError(
          absl::StrCat(origin.source,
                       " holds other data than the run read there; name the folder "
                       "by --data_dir to take them all the same"));
    }
    Tell({absl::StrCat("the data are read from ", origin.source, ", as the run did")});
    return found;
  }
  return absl::NotFoundError(absl::StrCat(data.status().message(), ". The run read ", origin.source,
                                          ", where there are none now"));
}

}  // namespace pdarts
