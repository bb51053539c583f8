#ifndef PDARTS_PROCESSES_PROCESS_WATCH_H_
#define PDARTS_PROCESSES_PROCESS_WATCH_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// Notices when another process of a run ends, and tells the remaining processes.
///
/// MPI does not tell the processes of a job that one of them has ended: a collective call would
/// wait for it forever. So every process keeps a TCP connection to process 0. If a process ends,
/// the system closes its connections. Each side also sends a byte each second. So a machine that
/// fails without closing its connections is noticed too. Process 0 tells the other processes.
///
/// The watch works on its own thread. The class is thread-safe.
class ProcessWatch {
 public:
  struct Options {
    double heartbeat_seconds = 1;
    /// A process counts as ended after this number of heartbeats without a byte from it. Time in
    /// which this process itself is stopped does not count.
    int missed_heartbeats = 6;
    /// After another process has ended, this process has this time to leave the watch. Then
    /// `end_process` is called, because the work hangs in a call that waits for the ended process.
    double seconds_to_leave = 2;
    /// Called with the result of status(). The default prints it and ends the process at once.
    std::function<void(const absl::Status&)> end_process;
  };

  /// For process 0: waits for the other processes at an address of this machine.
  /// \error if the system provides no socket.
  static absl::StatusOr<std::unique_ptr<ProcessWatch>> Lead(int size, Options options);
  /// The text of several lines that the other processes pass to Join.
  const std::string& address() const;

  /// For the other processes: connects to process 0. \param address ProcessWatch::address of
  /// process 0.
  /// \error kUnavailable with the addresses that were tried, if process 0 cannot be reached.
  static absl::StatusOr<std::unique_ptr<ProcessWatch>> Join(int rank, int size,
                                                            const std::string& address,
                                                            Options options);

  /// Does the same as LeaveWithError("the process has lost its watch").
  ~ProcessWatch();
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  /// Whether all processes are still there or have left. The function only reads an atomic
  /// variable.
  bool AllWell() const;
  /// OK while AllWell is true; then kUnavailable: "process 2 of 4 (node7, process id 123) has
  /// ended".
  absl::Status status() const;
  /// Waits until AllWell is false, or `seconds` have passed. Returns status().
  absl::Status AwaitStatus(double seconds) const;

  /// Leaves the watch: the work of this process is finished, and the other processes do not need it
  /// any more.
  void Leave();
  /// Leaves the watch, and tells the other processes that this process ends with an error.
  void LeaveWithError(absl::string_view message);

 private:
  class Thread;
  explicit ProcessWatch(std::unique_ptr<Thread> thread);

  const std::unique_ptr<Thread> thread_;
};

}  // namespace pdarts

#endif  // PDARTS_PROCESSES_PROCESS_WATCH_H_
