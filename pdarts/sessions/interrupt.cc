#include "pdarts/sessions/interrupt.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace pdarts {
namespace {

constexpr std::array<int, 6> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
constexpr double kSameSignalSeconds = 0.5;

volatile std::sig_atomic_t first_signal = 0;
// The number of signals that ask the program to stop, as the handler counts them.
volatile std::sig_atomic_t requests = 0;
volatile std::sig_atomic_t most_requests = 1;
// Only the handler uses these two variables. The handler blocks the signals, so that it does not
// interrupt itself.
int last_request = 0;
timespec last_request_time = {};

// The handling of the signals before the guard.
std::array<struct sigaction, kSignals.size()> actions_before;

/// Stores the time. Returns whether a signal repeats the last one.
bool IsRepeated(int signal) {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double seconds = static_cast<double>(now.tv_sec - last_request_time.tv_sec) +
                         1e-9 * static_cast<double>(now.tv_nsec - last_request_time.tv_nsec);
  const bool repeated = signal == last_request && seconds < kSameSignalSeconds;
  last_request = signal;
  last_request_time = now;
  return repeated;
}

void Note(int signal) {
  const int error = errno;
  if (first_signal == 0) first_signal = signal;
  if (signal != SIGPIPE && !IsRepeated(signal)) {
    if (requests == most_requests) _exit(128 + signal);
    requests = requests + 1;
  }
  errno = error;
}

}  // namespace

InterruptGuard::InterruptGuard(SecondSignal second) {
  most_requests = second == SecondSignal::kEnds ? 1 : 2;
  struct sigaction action = {};
  action.sa_handler = &Note;
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &actions_before[i]);
    if (actions_before[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &actions_before[i], nullptr);
}

int InterruptSignal() { return first_signal; }

void NoteSignalOfAnotherProcess(int signal) {
  if (first_signal == 0) first_signal = signal;
}

bool InterruptedTwice() { return requests > 1; }

}  // namespace pdarts
