#ifndef PDARTS_REPORT_BACKGROUND_TASK_H_
#define PDARTS_REPORT_BACKGROUND_TASK_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace pdarts {

/// Runs one task at a time on a thread of its own. The methods are for one thread, which owns this
/// object. What the owner did before Start happens before the task, and the task happens before
/// whatever the owner does after IsRunning has returned false or Wait has returned.
class BackgroundTask {
 public:
  BackgroundTask() = default;
  /// Waits until the task has ended.
  ~BackgroundTask();
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  /// Starts a task, which must not throw, and returns at once. IsRunning() must be false. If the
  /// system has no room for a thread, the task runs in this call.
  void Start(std::function<void()> task);
  /// Whether a task was started and has not ended.
  bool IsRunning();
  /// Waits until no task runs.
  void Wait();

 private:
  /// Starts the thread unless there is one. Returns whether there is one.
  bool HasThread();
  /// What the thread does.
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> task_;  ///< runs or is about to; empty if there is none
  bool ends_ = false;           ///< the thread is to end
  std::thread thread_;          ///< last, because it uses the other members
};

}  // namespace pdarts

#endif  // PDARTS_REPORT_BACKGROUND_TASK_H_
