#ifndef PDARTS_CORE_SYSTEM_CALLS_TESTING_H_
#define PDARTS_CORE_SYSTEM_CALLS_TESTING_H_

#include <string>
#include <vector>

namespace pdarts {

/// A test that links this library calls the functions read(2), fsync(2) and renameat(2) that are
/// defined in it, and so does everything else in its process. They do what the system's do, but as
/// long as one of these objects lives. For tests with one thread.

/// Every read from a file whose path ends in `ending` fails with the error number `error` once
/// `bytes` bytes were read from such files: what a file system does that loses its server or disk.
class FailingReads {
 public:
  FailingReads(std::string ending, int error, size_t bytes);
  ~FailingReads();
  FailingReads(const FailingReads&) = delete;
  FailingReads& operator=(const FailingReads&) = delete;
};

/// Records the paths of the files and directories that are synced, in order.
class RecordedSyncs {
 public:
  RecordedSyncs();
  ~RecordedSyncs();
  RecordedSyncs(const RecordedSyncs&) = delete;
  RecordedSyncs& operator=(const RecordedSyncs&) = delete;

  const std::vector<std::string>& paths() const;
};

/// Every rename succeeds, and then fails with ENOENT: what a client of NFS sees if the answer of
/// its server gets lost and the server has forgotten the request when the client repeats it.
class LostAnswersToRenames {
 public:
  LostAnswersToRenames();
  ~LostAnswersToRenames();
  LostAnswersToRenames(const LostAnswersToRenames&) = delete;
  LostAnswersToRenames& operator=(const LostAnswersToRenames&) = delete;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_SYSTEM_CALLS_TESTING_H_
