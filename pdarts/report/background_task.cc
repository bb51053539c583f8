#include "pdarts/report/background_task.h"

#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

#include "glog/logging.h"

namespace pdarts {

BackgroundTask::~BackgroundTask() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BackgroundTask::Start(std::function<void()> task) {
  CHECK(!IsRunning());
  if (!HasThread()) {
    task();
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    task_ = std::move(task);
  }
  changed_.notify_all();
}

bool BackgroundTask::IsRunning() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return task_ != nullptr;
}

void BackgroundTask::Wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return task_ == nullptr; });
}

bool BackgroundTask::HasThread() {
  if (thread_.joinable()) return true;
  // The thread that owns this object handles the signals of the process.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { Work(); });
  } catch (const std::system_error& error) {
    LOG(WARNING) << "no thread could be started: " << error.what();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread_.joinable();
}

void BackgroundTask::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return task_ != nullptr || ends_; });
    if (task_ == nullptr) return;
    // The owner does not change a running task.
    lock.unlock();
    task_();
    lock.lock();
    task_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace pdarts
