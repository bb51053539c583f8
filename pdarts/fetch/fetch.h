#ifndef PDARTS_FETCH_FETCH_H_
#define PDARTS_FETCH_FETCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/fetch/download.h"
#include "pdarts/fetch/published_archive.h"

namespace pdarts {

/// The result of a fetch.
struct Fetched {
  std::string folder;      ///< the folder of the data
  bool was_there = false;  ///< whether the data existed before
};

/// Downloads a published archive from `url` and unpacks it into `data_dir`. The folder of the
/// archive gets its name in `data_dir` only when it is complete. If `data_dir` holds the archive
/// under its published name, this file is used instead of a download. \error as Download and
/// Unpack; kFailedPrecondition if `data_dir` holds another folder with that name, or if another
/// process is fetching into it.
absl::StatusOr<Fetched> Fetch(const PublishedArchive& archive, const std::string& url,
                              const std::string& data_dir, const DownloadOptions& options);

}  // namespace pdarts

#endif  // PDARTS_FETCH_FETCH_H_
