#ifndef PDARTS_CLI_INTERRUPT_H_
#define PDARTS_CLI_INTERRUPT_H_

namespace pdarts {

/// While one lives, SIGINT and SIGTERM are only noted the first time, so that the work can stop at
/// a good place; the second time they end the process at once. Before and after, they end it.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// The signal that was noted; 0: none.
int InterruptSignal();

}  // namespace pdarts

#endif  // PDARTS_CLI_INTERRUPT_H_
