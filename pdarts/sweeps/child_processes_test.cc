#include "pdarts/sweeps/child_processes.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Minutes(1);

ChildCommand Shell(const std::string& script) {
  ChildCommand command;
  command.program = "/bin/sh";
  command.words = {"sh", "-c", script};
  return command;
}

/// The output of a child. Expects that its exit code is 0.
std::string Printed(ChildCommand command) {
  const std::string file = TestPath();
  const FileDescriptor output(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  command.output = output.number();
  ChildProcesses children;
  const absl::StatusOr<pid_t> child = children.Start(command);
  EXPECT_TRUE(child.ok()) << child.status();
  const auto ended = children.Wait(kLong);
  EXPECT_TRUE(ended && ended->exit_code == 0);
  return ReadFile(file).value();
}

/// Sets the handling of a signal as long as the object lives.
class Disposition {
 public:
  Disposition(int signal, void (*handler)(int)) : signal_(signal) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigaction(signal, &action, &before_);
  }
  ~Disposition() { sigaction(signal_, &before_, nullptr); }

 private:
  const int signal_;
  struct sigaction before_;
};

TEST(ChildProcessesTest, AChildReadsItsInputAndWritesItsOutput) {
  ChildCommand command = Shell("cat; echo said >&2");
  command.input = std::string(200000, 'x') + "\n";  // more than a pipe can hold
  EXPECT_EQ(Printed(command), *command.input + "said\n");
  EXPECT_EQ(Printed(Shell("cat")), "");
  // A program may open its standard input by name, any number of times.
  command = Shell("cat /dev/stdin; cat /dev/stdin");
  command.input = "once ";
  EXPECT_EQ(Printed(command), "once once ");
}

TEST(ChildProcessesTest, ItInheritsTheEnvironmentExceptWhatIsUnset) {
  setenv("PDARTS_TEST_KEPT", "a=b", 1);
  setenv("PDARTS_TEST_UNSET", "c", 1);
  setenv("PDARTS_TEST_UNSET_NOT", "d", 1);
  ChildCommand command =
      Shell("echo \"$PDARTS_TEST_KEPT ${PDARTS_TEST_UNSET-none} $PDARTS_TEST_UNSET_NOT\"");
  EXPECT_EQ(Printed(command), "a=b c d\n");
  command.unset = {"PDARTS_TEST_UNSET"};
  EXPECT_EQ(Printed(command), "a=b none d\n");
}

TEST(ChildProcessesTest, AChildThatRunsToItsEndGivesItsOutput) {
  const absl::StatusOr<ChildOutput> output = RunToEnd(Shell("echo said; echo warned >&2; exit 3"));
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->text, "said\nwarned\n");
  EXPECT_EQ(output->end.exit_code, 3);
  ChildCommand none = Shell("");
  none.program = "/nowhere/sh";
  EXPECT_EQ(RunToEnd(none).status().code(), absl::StatusCode::kNotFound);
}

TEST(ChildProcessesTest, HowAChildEndedIsTold) {
  ChildProcesses children;
  const pid_t fails = children.Start(Shell("exit 3")).value();
  auto ended = children.Wait(kLong);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->id, fails);
  EXPECT_EQ(ended->exit_code, 3);
  EXPECT_EQ(ended->signal, 0);
  ASSERT_TRUE(children.Start(Shell("kill -USR1 $$")).ok());
  ended = children.Wait(kLong);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exit_code, 128 + SIGUSR1);
  EXPECT_EQ(ended->signal, SIGUSR1);
  EXPECT_EQ(children.size(), 0);
  EXPECT_FALSE(children.Wait(kLong));
}

TEST(ChildProcessesTest, ItInheritsNoDescriptors) {
  const FileDescriptor inherited(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  ChildCommand command;
  command.program = "/bin/ls";
  command.words = {"ls", "/proc/self/fd"};
  const std::vector<std::string> lines = absl::StrSplit(Printed(command), '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, ElementsAre("0", "1", "2", "3"));  // the last descriptor belongs to ls
}

TEST(ChildProcessesTest, ItsSignalsAreTheDefaultSaveWhatUsersIgnore) {
  // The test sets the handling of these signals, because a test may inherit any.
  const Disposition interrupt(SIGINT, SIG_DFL), quit(SIGQUIT, SIG_DFL), pipe(SIGPIPE, SIG_DFL),
      user(SIGUSR2, SIG_DFL);
  const Disposition hangup(SIGHUP, SIG_IGN);
  const Disposition file_size(SIGXFSZ, SIG_IGN);
  const Disposition terminate(SIGTERM, SIG_IGN);
  const Disposition child_ended(SIGCHLD, SIG_IGN);
  const Disposition caught(SIGUSR1, [](int) {});
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  ChildCommand command;
  command.program = "/bin/cat";
  command.words = {"cat", "/proc/self/status"};
  std::map<std::string, std::string> status;
  for (const absl::string_view line : absl::StrSplit(Printed(command), '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> words = absl::StrSplit(line, ":\t");
    status.insert(words);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  // Signals 32 and above belong to the C library or are real-time signals. A test may inherit their
  // handling.
  const auto signals = [&](const std::string& name) {
    uint64_t bits = 0;
    EXPECT_TRUE(absl::SimpleHexAtoi(status[name], &bits)) << name << ": " << status[name];
    return bits & 0x7fffffff;
  };
  EXPECT_EQ(signals("SigBlk"), 0u);
  EXPECT_EQ(signals("SigIgn"), 1u);  // SIGHUP
  EXPECT_EQ(signals("SigCgt"), 0u);
}

TEST(ChildProcessesTest, AnIgnoredEndOfChildrenIsSeenAllTheSame) {
  const Disposition child_ended(SIGCHLD, SIG_IGN);
  ChildProcesses children;
  ASSERT_TRUE(children.Start(Shell("exit 5")).ok());
  const auto ended = children.Wait(kLong);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exit_code, 5);
}

TEST(ChildProcessesTest, AnEndThatAnotherPartOfTheProgramHasSeenIsNotWaitedForForEver) {
  ChildProcesses children;
  const pid_t child = children.Start(Shell("exit 0")).value();
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const auto ended = children.Wait(kLong);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->id, child);
  EXPECT_NE(ended->exit_code, 0);
}

TEST(ChildProcessesTest, AProgramThatCannotBeExecutedIsAnError) {
  ChildProcesses children;
  ChildCommand command = Shell("exit 0");
  command.program = "/no/such/program";
  EXPECT_EQ(children.Start(command).status().code(), absl::StatusCode::kNotFound);
  command.program = "/etc/passwd";
  const absl::Status status = children.Start(command).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/etc/passwd"));
  EXPECT_EQ(children.size(), 0);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ChildProcessesTest, SignalsReachAllOfThem) {
  ChildProcesses children;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(children.Start(Shell("exec sleep 1000")).ok());
  }
  EXPECT_FALSE(children.Wait(absl::ZeroDuration()));
  children.Signal(SIGUSR2);
  for (int i = 0; i < 3; ++i) {
    const auto ended = children.Wait(kLong);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->signal, SIGUSR2);
  }
}

TEST(ChildProcessesTest, WhatStillRunsIsKilledAndReaped) {
  pid_t child = 0;
  {
    ChildProcesses children;
    child = children.Start(Shell("trap '' TERM; exec sleep 1000")).value();
  }
  EXPECT_EQ(kill(child, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(ChildProcessesTest, ChildrenEndWithTheirParentEvenIfThatIsKilled) {
  // This process gets the orphan, so that it sees the end of the orphan.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    ChildProcesses children;
    const pid_t child = children.Start(Shell("exec sleep 1000")).value();
    if (write(ends[1], &child, sizeof(child)) != sizeof(child)) _exit(1);
    for (;;) pause();
  }
  pid_t child = 0;
  ASSERT_EQ(read(ends[0], &child, sizeof(child)), static_cast<ssize_t>(sizeof(child)));
  kill(parent, SIGKILL);
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  close(ends[0]);
  close(ends[1]);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace
}  // namespace pdarts
