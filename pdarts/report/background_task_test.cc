#include "pdarts/report/background_task.h"

#include <pthread.h>

#include <chrono>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(BackgroundTaskTest, ATaskRunsOnAnotherThreadWhileItsOwnerContinues) {
  std::promise<void> may_end;
  std::thread::id id;
  int ended = 0;
  BackgroundTask task;
  EXPECT_FALSE(task.IsRunning());
  task.Start([&] {
    id = std::this_thread::get_id();
    may_end.get_future().wait();
    ++ended;
  });
  EXPECT_TRUE(task.IsRunning());
  may_end.set_value();
  task.Wait();
  EXPECT_FALSE(task.IsRunning());
  EXPECT_EQ(ended, 1);
  EXPECT_NE(id, std::this_thread::get_id());
}

TEST(BackgroundTaskTest, TasksRunOneAfterTheOtherOnOneThread) {
  std::vector<std::thread::id> threads;
  BackgroundTask task;
  for (int i = 0; i < 3; ++i) {
    task.Start([&] { threads.push_back(std::this_thread::get_id()); });
    task.Wait();
  }
  ASSERT_EQ(threads.size(), 3u);
  EXPECT_EQ(threads[0], threads[1]);
  EXPECT_EQ(threads[0], threads[2]);
}

TEST(BackgroundTaskTest, TheEndOfTheOwnerWaitsForTheTask) {
  bool ended = false;
  std::promise<void> begun;
  {
    BackgroundTask task;
    task.Start([&] {
      begun.set_value();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ended = true;
    });
    begun.get_future().wait();
  }
  EXPECT_TRUE(ended);
}

/// The task runs even if the thread has not begun it when the object ends.
TEST(BackgroundTaskTest, ATaskThatWasStartedRuns) {
  int runs = 0;
  for (int i = 0; i < 50; ++i) BackgroundTask().Start([&] { ++runs; });
  EXPECT_EQ(runs, 50);
}

TEST(BackgroundTaskTest, TheThreadHandlesNoSignals) {
  sigset_t before, blocked;
  sigemptyset(&blocked);
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  BackgroundTask task;
  task.Start([&] { pthread_sigmask(SIG_BLOCK, nullptr, &blocked); });
  task.Wait();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    EXPECT_EQ(sigismember(&blocked, signal), 1) << signal;
  }
  sigset_t after;
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

}  // namespace
}  // namespace pdarts
