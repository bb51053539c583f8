#include "pdarts/sessions/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

// A noted signal is never forgotten, so each case runs in a separate process.

/// Waits longer than the time in which two equal signals count as one.
void WaitUntilItIsAnother() { usleep(700000); }

/// Exits with status 0 if `signal` was noted.
[[noreturn]] void ExitIfNoted(int signal) { std::_Exit(InterruptSignal() == signal ? 0 : 1); }

TEST(InterruptDeathTest, EachSignalIsNoted) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) {
    EXPECT_EXIT(
        {
          const InterruptGuard guard;
          raise(signal);
          ExitIfNoted(signal);
        },
        ExitedWithCode(0), "")
        << signal;
  }
}

TEST(InterruptDeathTest, WhatWasIgnoredStaysIgnored) {
  for (const int signal : {SIGINT, SIGHUP, SIGPIPE}) {
    EXPECT_EXIT(
        {
          std::signal(signal, SIG_IGN);
          const InterruptGuard guard;
          raise(signal);
          ExitIfNoted(0);
        },
        ExitedWithCode(0), "")
        << signal;
  }
}

TEST(InterruptDeathTest, AnotherSignalEndsTheProcessAtOnce) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        raise(SIGINT);
        raise(SIGTERM);
        std::_Exit(0);
      },
      ExitedWithCode(128 + SIGTERM), "");
}

TEST(InterruptDeathTest, TheSameSignalEndsItAfterAWhileOnly) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        raise(SIGTERM);
        raise(SIGTERM);  // a signal to the process group
        if (InterruptSignal() != SIGTERM) std::_Exit(1);
        WaitUntilItIsAnother();
        raise(SIGTERM);
        std::_Exit(0);
      },
      ExitedWithCode(128 + SIGTERM), "");
}

TEST(InterruptDeathTest, ASecondSignalIsNotedWhereThatIsAskedFor) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard(InterruptGuard::SecondSignal::kIsNoted);
        raise(SIGINT);
        if (InterruptedTwice()) std::_Exit(1);
        raise(SIGTERM);
        if (!InterruptedTwice() || InterruptSignal() != SIGINT) std::_Exit(2);
        raise(SIGINT);
        std::_Exit(0);
      },
      ExitedWithCode(128 + SIGINT), "");
}

TEST(InterruptDeathTest, AClosedPipeEndsNothing) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        int ends[2];
        if (pipe(ends) != 0) std::_Exit(1);
        close(ends[0]);
        for (int i = 0; i < 3; ++i) {
          if (write(ends[1], "x", 1) != -1) std::_Exit(2);
        }
        raise(SIGTERM);  // the first signal that asks to stop
        ExitIfNoted(SIGPIPE);
      },
      ExitedWithCode(0), "");
}

TEST(InterruptDeathTest, AfterwardsSignalsActAsBefore) {
  EXPECT_EXIT(
      {
        { const InterruptGuard guard; }
        raise(SIGUSR1);
        std::_Exit(0);
      },
      KilledBySignal(SIGUSR1), "");
}

}  // namespace
}  // namespace pdarts
