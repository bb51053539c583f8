#ifndef PDARTS_SESSIONS_INTERRUPT_H_
#define PDARTS_SESSIONS_INTERRUPT_H_

namespace pdarts {

/// As long as a guard lives, a signal that asks the program to stop (SIGINT, SIGTERM, SIGHUP,
/// SIGUSR1 or SIGUSR2) is only noted, so that the work can stop at a suitable place. A second
/// signal ends the process at once. The same signal within half a second counts as one signal,
/// because terminals, timeout(1) and batch systems send a signal to a process and to its process
/// group. SIGPIPE (the reader of the output has ended) is noted as well, but never ends the
/// process. A signal that the process ignored when the guard was made is still ignored. The
/// destructor restores the handling of all signals.
class InterruptGuard {
 public:
  enum class SecondSignal {
    kEnds,     ///< the second signal ends the process at once
    kIsNoted,  ///< the second signal is noted as well; a third signal ends the process
  };

  explicit InterruptGuard(SecondSignal second = SecondSignal::kEnds);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// The first signal that was noted; 0 if there was none.
int InterruptSignal();

/// Notes the signal that stopped another process of the same run, if no signal was noted before.
void NoteSignalOfAnotherProcess(int signal);

/// Whether a second signal was noted.
bool InterruptedTwice();

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_INTERRUPT_H_
