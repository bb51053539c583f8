#ifndef PDARTS_BASE_SYSTEM_CALLS_TESTING_H_
#define PDARTS_BASE_SYSTEM_CALLS_TESTING_H_

#include <string>
#include <vector>

namespace pdarts {

/// This library defines the functions read(2), fsync(2) and renameat(2). All code in a test that
/// links it calls these functions. They behave like the functions of the system, except while one
/// of the following objects lives. For tests with one thread.

/// Makes every read from a file whose path ends in `ending` fail with the error number `error`,
/// after `bytes` bytes were read from such files. A file system that loses its server or disk does
/// the same.
class FailingReads {
 public:
  FailingReads(std::string ending, int error, size_t bytes);
  ~FailingReads();
  FailingReads(const FailingReads&) = delete;
  FailingReads& operator=(const FailingReads&) = delete;
};

/// Records the paths of the synced files and directories, in order.
class RecordedSyncs {
 public:
  RecordedSyncs();
  ~RecordedSyncs();
  RecordedSyncs(const RecordedSyncs&) = delete;
  RecordedSyncs& operator=(const RecordedSyncs&) = delete;

  const std::vector<std::string>& paths() const;
};

/// Makes every rename succeed, and then return ENOENT. A client of NFS sees this if the answer of
/// the server is lost, and the server has forgotten the request when the client repeats it.
class LostAnswersToRenames {
 public:
  LostAnswersToRenames();
  ~LostAnswersToRenames();
  LostAnswersToRenames(const LostAnswersToRenames&) = delete;
  LostAnswersToRenames& operator=(const LostAnswersToRenames&) = delete;
};

}  // namespace pdarts

#endif  // PDARTS_BASE_SYSTEM_CALLS_TESTING_H_
