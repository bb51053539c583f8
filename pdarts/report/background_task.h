#ifndef PDARTS_REPORT_BACKGROUND_TASK_H_
#define PDARTS_REPORT_BACKGROUND_TASK_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace pdarts {

/// Runs one task at a time on a thread of its own. Only one thread, the owner of this object, may
/// call the methods. Everything that the owner did before Start happens before the task. The task
/// happens before everything that the owner does after IsRunning has returned false or Wait has
/// returned.
class BackgroundTask {
 public:
  BackgroundTask() = default;
  /// Waits until the task has ended.
  ~BackgroundTask();
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  /// Starts a task, which must not throw, and returns at once. IsRunning() must be false. If the
  /// system cannot create a thread, the task runs in this call.
  void Start(std::function<void()> task);
  /// Whether a task was started and has not ended yet.
  bool IsRunning();
  /// Waits until no task runs.
  void Wait();

 private:
  /// Starts the thread if it does not exist. Returns whether it exists.
  bool HasThread();
  /// The function of the thread.
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> task_;  ///< runs or will run; empty if there is none
  bool ends_ = false;           ///< whether the thread must end
  std::thread thread_;          ///< last, because it uses the other members
};

}  // namespace pdarts

#endif  // PDARTS_REPORT_BACKGROUND_TASK_H_
