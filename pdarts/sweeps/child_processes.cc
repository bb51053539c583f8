#include "pdarts/sweeps/child_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

/// The pause between two checks whether a child has ended.
constexpr absl::Duration kPause = absl::Milliseconds(20);
/// A number above all descriptors that a child gets.
constexpr int kFirstFreeDescriptor = 10;
/// In the child: the descriptor to which the child writes the reason if the program cannot be
/// executed.
constexpr int kFailureDescriptor = 3;

/// Blocks all signals as long as the object lives, so that no signal is handled by a copy of this
/// process.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

/// Copies a descriptor to a number that no descriptor of the child will get.
absl::StatusOr<FileDescriptor> CopyAside(int descriptor) {
  FileDescriptor copy(fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstFreeDescriptor));
  if (!copy.is_open()) return SystemError("copy", absl::StrCat("descriptor ", descriptor));
  return copy;
}

/// The standard input of a child: a file without a name, opened at its beginning.
absl::StatusOr<FileDescriptor> InputOf(const ChildCommand& command) {
  if (!command.input) {
    FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing.is_open()) return SystemError("read", "/dev/null");
    return CopyAside(nothing.number());
  }
  FileDescriptor file(memfd_create("input", MFD_CLOEXEC));
  if (!file.is_open()) return SystemError("make", "a child's input");
  PDARTS_RETURN_IF_ERROR(WriteAll(file.number(), *command.input, "a child's input"));
  if (lseek(file.number(), 0, SEEK_SET) != 0) return SystemError("rewind", "a child's input");
  return CopyAside(file.number());
}

bool IsUsersChoice(int signal) {
  return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGUSR1 ||
         signal == SIGUSR2 || signal == SIGPIPE;
}

/// In the child: sets the signals to the state with which the program begins. The function calls
/// only functions that are safe after a fork of a process with several threads.
void ResetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) != 0) continue;  // a signal of the C library
    if (action.sa_handler == SIG_IGN && IsUsersChoice(signal)) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

/// The environment of this process without some variables, in the form of execve.
std::vector<char*> EnvironmentWithout(const std::vector<std::string>& variables) {
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const absl::string_view name = text.substr(0, text.find('='));
    if (std::find(variables.begin(), variables.end(), name) == variables.end()) {
      kept.push_back(*entry);
    }
  }
  kept.push_back(nullptr);
  return kept;
}

struct ChildDescriptors {
  int input = -1;
  int output = -1;
  int failure = -1;
};

/// The code of the child, from its first instruction. If the program cannot begin, the child writes
/// errno to `failure`.
[[noreturn]] void BecomeChild(const char* program, char* const* argv, char* const* environment,
                              pid_t parent, const ChildDescriptors& descriptors) {
  const bool redirected = dup2(descriptors.input, STDIN_FILENO) >= 0 &&
                          dup2(descriptors.output, STDOUT_FILENO) >= 0 &&
                          dup2(descriptors.output, STDERR_FILENO) >= 0 &&
                          dup3(descriptors.failure, kFailureDescriptor, O_CLOEXEC) >= 0;
  if (redirected && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0) {
    if (getppid() != parent) _exit(128 + SIGTERM);  // the parent ended before this call
    closefrom(kFailureDescriptor + 1);
    ResetSignals();
    execve(program, argv, environment);
  }
  const int error = errno;
  const int failure = redirected ? kFailureDescriptor : descriptors.failure;
  while (write(failure, &error, sizeof(error)) < 0 && errno == EINTR) {
  }
  _exit(127);
}

/// The reason why the child could not begin; 0 if it began.
int ReadFailure(int descriptor) {
  int error = 0;
  ssize_t size = 0;
  do {
    size = read(descriptor, &error, sizeof(error));
  } while (size < 0 && errno == EINTR);
  return size == sizeof(error) ? error : 0;
}

}  // namespace

ChildProcesses::ChildProcesses() {
  struct sigaction action = {};
  sigaction(SIGCHLD, nullptr, &action);
  if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0) {
    action = {};
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, nullptr);
  }
}

ChildProcesses::~ChildProcesses() {
  Signal(SIGKILL);
  while (!running_.empty()) Wait(absl::InfiniteDuration());
}

absl::StatusOr<pid_t> ChildProcesses::Start(const ChildCommand& command) {
  std::vector<std::string> words = command.words;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> environment = EnvironmentWithout(command.unset);
  PDARTS_ASSIGN_OR_RETURN(const FileDescriptor input, InputOf(command));
  PDARTS_ASSIGN_OR_RETURN(const FileDescriptor output,
                          CopyAside(command.output < 0 ? STDERR_FILENO : command.output));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("start", command.program);
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  PDARTS_ASSIGN_OR_RETURN(FileDescriptor failure, CopyAside(write_end.number()));
  PDARTS_RETURN_IF_ERROR(write_end.Close("a pipe"));

  const ChildDescriptors descriptors = {input.number(), output.number(), failure.number()};
  const pid_t parent = getpid();
  pid_t child = -1;
  {
    const BlockedSignals blocked;
    child = fork();
    if (child == 0) {
      BecomeChild(command.program.c_str(), argv.data(), environment.data(), parent, descriptors);
    }
    if (child < 0) return SystemError("start a process for", command.program);
  }
  PDARTS_RETURN_IF_ERROR(failure.Close("a pipe"));
  if (const int error = ReadFailure(read_end.number()); error != 0) {
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    errno = error;
    return SystemError("execute", command.program);
  }
  running_.push_back(child);
  return child;
}

void ChildProcesses::Signal(int signal) const {
  for (const pid_t child : running_) kill(child, signal);
}

std::optional<EndedChild> ChildProcesses::Reap() {
  for (const pid_t child : running_) {
    int status = 0;
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) continue;
    running_.erase(std::find(running_.begin(), running_.end(), child));
    EndedChild result;
    result.id = child;
    if (ended < 0) {
      result.exit_code = 127;  // another part of this process called wait for it
    } else if (WIFSIGNALED(status)) {
      result.signal = WTERMSIG(status);
      result.exit_code = 128 + result.signal;
    } else {
      result.exit_code = WEXITSTATUS(status);
    }
    return result;
  }
  return std::nullopt;
}

std::optional<EndedChild> ChildProcesses::Wait(absl::Duration longest) {
  const absl::Time end = absl::Now() + longest;
  for (;;) {
    if (std::optional<EndedChild> ended = Reap()) return ended;
    if (running_.empty() || absl::Now() >= end) return std::nullopt;
    // A signal ends the pause.
    if (poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(kPause))) < 0) {
      return Reap();
    }
  }
}

absl::StatusOr<ChildOutput> RunToEnd(ChildCommand command) {
  const std::string& name = command.words[0];
  // The output goes into a file in memory. A pipe would have to be read while the child runs.
  const FileDescriptor output(memfd_create("output", MFD_CLOEXEC));
  if (!output.is_open()) return SystemError("take the output of", name);
  command.output = output.number();
  ChildProcesses children;
  PDARTS_RETURN_IF_ERROR(children.Start(command).status());
  std::optional<EndedChild> ended;
  while (!ended) ended = children.Wait(absl::InfiniteDuration());
  if (lseek(output.number(), 0, SEEK_SET) != 0) return SystemError("read the output of", name);
  PDARTS_ASSIGN_OR_RETURN(std::string text, ReadOpenFile(output, name));
  return ChildOutput{*ended, std::move(text)};
}

}  // namespace pdarts
