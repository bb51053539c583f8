#ifndef PDARTS_FETCH_FETCH_H_
#define PDARTS_FETCH_FETCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/fetch/download.h"
#include "pdarts/fetch/published_archive.h"

namespace pdarts {

/// What a fetch did.
struct Fetched {
  std::string folder;      ///< that holds the data now
  bool was_there = false;  ///< nothing was to be done
};

/// Downloads a published archive from `url` and unpacks it into `data_dir`. The archive's folder
/// gets its name there only when it is whole. An archive that lies in `data_dir` under its
/// published name is used instead of a download. \error as Download and Unpack; kFailedPrecondition
/// if `data_dir` holds another folder of that name, or another process is fetching into it.
absl::StatusOr<Fetched> Fetch(const PublishedArchive& archive, const std::string& url,
                              const std::string& data_dir, const DownloadOptions& options);

}  // namespace pdarts

#endif  // PDARTS_FETCH_FETCH_H_
