#ifndef PDARTS_CLI_INTERRUPT_H_
#define PDARTS_CLI_INTERRUPT_H_

namespace pdarts {

/// While one lives, a signal that asks the program to stop (SIGINT, SIGTERM, SIGHUP, SIGUSR1 or
/// SIGUSR2) is only noted, so that the work can stop at a good place. A second one ends the process
/// at once. The same signal again within half a second counts as one with the first, because
/// terminals, timeout(1) and batch systems signal a process and its process group. SIGPIPE (nobody
/// reads the output any more) is noted as well, but never ends the process. A signal that was
/// ignored when the guard was made stays ignored. Afterwards all are handled as before the guard.
class InterruptGuard {
 public:
  enum class SecondSignal {
    kEnds,     ///< ends the process at once
    kIsNoted,  ///< is noted as well; a third one ends the process
  };

  explicit InterruptGuard(SecondSignal second = SecondSignal::kEnds);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// The first signal that was noted; 0: none.
int InterruptSignal();

/// Notes the signal that has stopped another process of this one's run, if none was noted before.
void NoteSignalOfAnotherProcess(int signal);

/// Whether a second signal was noted.
bool InterruptedTwice();

}  // namespace pdarts

#endif  // PDARTS_CLI_INTERRUPT_H_
