#ifndef PDARTS_PROCESSES_PROCESS_WATCH_H_
#define PDARTS_PROCESSES_PROCESS_WATCH_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// Notices when another process of a run ends, and tells the processes that are left.
///
/// Processes of one MPI job do not learn from MPI that one of them is gone: a collective call waits
/// for it forever. So every process keeps a TCP connection to process 0. The system closes the
/// connections of a process that ends. Each side also sends a byte each second, so that a machine
/// that fails without closing its connections is noticed too. Process 0 tells the others.
///
/// The watch works on a thread of its own. Thread-safe.
class ProcessWatch {
 public:
  struct Options {
    double heartbeat_seconds = 1;
    /// A process is taken for ended when nothing has come from it for so many heartbeats. Time in
    /// which this process itself is stopped does not count.
    int missed_heartbeats = 6;
    /// When a process has ended, this one has so long to leave the watch. Then `end_process` is
    /// called, because the work hangs in a call that waits for the process that has ended.
    double seconds_to_leave = 2;
    /// Gets what status() says. The default prints it and ends the process at once.
    std::function<void(const absl::Status&)> end_process;
  };

  /// Process 0: waits for the others at an address of its own.
  /// \error if the system gives no socket.
  static absl::StatusOr<std::unique_ptr<ProcessWatch>> Lead(int size, Options options);
  /// What the other processes give to Join: text of several lines.
  const std::string& address() const;

  /// The others: connects to process 0. \param address ProcessWatch::address of process 0.
  /// \error kUnavailable with the addresses that were tried if process 0 can't be reached.
  static absl::StatusOr<std::unique_ptr<ProcessWatch>> Join(int rank, int size,
                                                            const std::string& address,
                                                            Options options);

  /// The same as LeaveWithError("the process has lost its watch").
  ~ProcessWatch();
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  /// Whether all processes are there or have left. Quick: one atomic variable.
  bool AllWell() const;
  /// OK while AllWell; then kUnavailable: "process 2 of 4 (node7, process id 123) has ended".
  absl::Status status() const;
  /// Waits until AllWell is false, at most `seconds`; returns status().
  absl::Status AwaitStatus(double seconds) const;

  /// Leaves: the work of this process is done, and the others need it no more.
  void Leave();
  /// Leaves, and tells the others that this process ends with an error.
  void LeaveWithError(absl::string_view message);

 private:
  class Thread;
  explicit ProcessWatch(std::unique_ptr<Thread> thread);

  const std::unique_ptr<Thread> thread_;
};

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_PROCESS_WATCH_H_
