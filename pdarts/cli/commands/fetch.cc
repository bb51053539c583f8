#include "pdarts/fetch/fetch.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/sessions/status_line.h"

ABSL_FLAG(std::string, url, "",
          "URL: a mirror that has the same archive (default: where the archive is published)");

namespace pdarts {
namespace {

/// Shows the progress of a download on standard error: one line that is drawn again and again on a
/// terminal, otherwise one line for each tenth of the file.
class DownloadProgress {
 public:
  explicit DownloadProgress(int64_t total) : total_(total) {}

  void Show(int64_t bytes) {
    const Clock::time_point now = Clock::now();
    if (first_ < 0) {
      first_ = bytes;
      begin_ = now;
    }
    line_.ShowPart(bytes, total_, [&] { return Line(bytes, now); });
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::string Line(int64_t bytes, Clock::time_point now) const {
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const double speed = seconds > 0 ? static_cast<double>(bytes - first_) / seconds : 0;
    std::string line = absl::StrFormat("%3d%% of %.1f MB", 100 * bytes / total_,
                                       static_cast<double>(total_) / 1e6);
    if (speed > 0) {
      absl::StrAppendFormat(&line, ", %.1f MB/s, %s left", speed / 1e6,
                            absl::FormatDuration(absl::Seconds(static_cast<int64_t>(
                                static_cast<double>(total_ - bytes) / speed))));
    }
    return line;
  }

  const int64_t total_;
  StatusLine line_;
  int64_t first_ = -1;  ///< bytes that existed when the download began
  Clock::time_point begin_;
};

absl::StatusOr<PublishedArchive> FindArchive(const std::string& name) {
  const std::vector<PublishedArchive>& archives = PublishedArchives();
  const auto found = std::find_if(archives.begin(), archives.end(),
                                  [&](const PublishedArchive& a) { return a.name == name; });
  if (found != archives.end()) return *found;
  const auto name_of = [](std::string* out, const PublishedArchive& a) { out->append(a.name); };
  return absl::NotFoundError(absl::StrCat("there is no dataset \"", name, "\" to fetch; there are ",
                                          absl::StrJoin(archives, ", ", name_of)));
}

absl::Status FetchOne(const std::string& name, const std::string& data_dir) {
  PDARTS_ASSIGN_OR_RETURN(const PublishedArchive archive, FindArchive(name));
  const std::string mirror = absl::GetFlag(FLAGS_url);
  absl::StatusOr<Fetched> fetched;
  {
    DownloadProgress progress(archive.bytes);
    DownloadOptions options;
    options.progress = [&](int64_t bytes) { progress.Show(bytes); };
    fetched = Fetch(archive, mirror.empty() ? archive.url : mirror, data_dir, options);
  }
  if (!fetched.ok()) return fetched.status();
  std::cout << archive.title << (fetched->was_there ? " was there already: " : ": ")
            << fetched->folder << "\n";
  return absl::OkStatus();
}

absl::Status FetchAll(const std::vector<std::string>& names) {
  if (names.empty()) {
    return absl::InvalidArgumentError("fetch needs the name of a dataset: cifar10 or cifar100");
  }
  if (names.size() > 1 && !absl::GetFlag(FLAGS_url).empty()) {
    return absl::InvalidArgumentError("--url is of one archive; fetch one dataset at a time");
  }
  const std::string data_dir = DataDirFromFlags();
  if (data_dir.empty()) {
    return absl::InvalidArgumentError(
        "fetch needs the folder to put the data into: --data_dir=DIR, or PDARTS_DATA_DIR");
  }
  for (const std::string& name : names) PDARTS_RETURN_IF_ERROR(FetchOne(name, data_dir));
  return absl::OkStatus();
}

}  // namespace

Command FetchCommand() {
  return {"fetch",
          "--data_dir=DIR cifar10|cifar100...",
          "download a published dataset, check it, and unpack it where searches find it",
          {"data_dir", "url"},
          &FetchAll,
          /*takes_arguments=*/true,
          {{"--data_dir=/data cifar10 cifar100", "both datasets into /data"},
           {"--data_dir=/data --url=http://mirror.example/cifar-10-binary.tar.gz cifar10",
            "from a mirror"}}};
}

}  // namespace pdarts
