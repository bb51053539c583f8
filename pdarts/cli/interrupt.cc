#include "pdarts/cli/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace pdarts {
namespace {

volatile std::sig_atomic_t noted_signal = 0;

void Note(int signal) {
  if (noted_signal != 0) _exit(128 + signal);
  noted_signal = signal;
}

void Handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() { Handle(&Note); }

InterruptGuard::~InterruptGuard() { Handle(SIG_DFL); }

int InterruptSignal() { return noted_signal; }

}  // namespace pdarts
