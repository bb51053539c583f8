#ifndef PDARTS_SWEEPS_SWEEP_PLAN_H_
#define PDARTS_SWEEPS_SWEEP_PLAN_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "pdarts/sweeps/run_queue.h"
#include "pdarts/sweeps/sweep_grid.h"

namespace pdarts {

/// Identifies the file to which a name leads, and the time of its last change.
struct FileVersion {
  ino_t number = 0;
  timespec changed = {};

  bool operator==(const FileVersion& other) const {
    return number == other.number && changed.tv_sec == other.changed.tv_sec &&
           changed.tv_nsec == other.changed.tv_nsec;
  }
};

/// One run of the sweep.
struct SweepRun : QueuedRun {
  int64_t seed = 0;
  Combination combination;
  std::optional<FileVersion> spec_to_replace;  ///< of the run that --overwrite replaces
};

struct SweepOptions {
  /// The complete spec of a search or a training; not null.
  const google::protobuf::Message* spec = nullptr;
  std::vector<int64_t> seeds;
  std::vector<GridField> grid;
  std::string folder;                ///< the folder in which the run directories are made
  bool overwrite = false;            ///< whether finished runs are computed again
  std::ostream* messages = nullptr;  ///< the stream for one line about each finished run; not null
};

/// All runs of a sweep, with their specs, and with the results of the runs that are finished. The
/// function writes no files. \error if a spec is wrong (the message names the settings of --grid);
/// as FindFinishedRun.
absl::StatusOr<std::vector<SweepRun>> PlanSweep(const SweepOptions& options);

/// The state of an interrupted sweep whose runs replace earlier runs.
struct SweepRemainder {
  std::vector<const SweepRun*> old_runs;  ///< the runs that have not been replaced yet
  std::string begun;  ///< the directory of the first run that was begun by this sweep; or empty
};
SweepRemainder RemainderOf(const std::vector<SweepRun>& runs);

/// The name of a spec of either kind.
std::string NameOfSpec(const google::protobuf::Message& spec);

}  // namespace pdarts

#endif  // PDARTS_SWEEPS_SWEEP_PLAN_H_
