#include "pdarts/processes/process_watch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

/// More time than anything in these tests needs. Most of it takes milliseconds.
constexpr double kPatience = 8;

ProcessWatch::Options Patient() {
  ProcessWatch::Options options;
  options.heartbeat_seconds = 0.05;
  options.missed_heartbeats = 100;
  options.seconds_to_leave = 60;
  return options;
}

std::unique_ptr<ProcessWatch> Lead(int size, const ProcessWatch::Options& options = Patient()) {
  return ProcessWatch::Lead(size, options).value();
}

std::unique_ptr<ProcessWatch> Join(int rank, int size, const ProcessWatch& leader) {
  return ProcessWatch::Join(rank, size, leader.address(), Patient()).value();
}

/// A process that connects to process 0 and then does nothing.
FileDescriptor MuteProcess(int rank, const ProcessWatch& leader) {
  const std::vector<std::string> lines = absl::StrSplit(leader.address(), '\n');
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(lines[3])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string text = absl::StrCat(lines[2], "\n", rank, "\nmute");
  std::string hello = "J";
  hello.push_back(static_cast<char>(text.size()));
  hello.append(3, '\0');
  hello += text;
  EXPECT_EQ(send(socket.number(), hello.data(), hello.size(), 0),
            static_cast<ssize_t>(hello.size()));
  char welcome[5];
  EXPECT_EQ(recv(socket.number(), welcome, sizeof(welcome), MSG_WAITALL), 5);
  EXPECT_EQ(welcome[0], 'W');
  return socket;
}

TEST(ProcessWatch, ProcessesThatLeaveAreNotMissed) {
  const auto leader = Lead(3);
  const auto first = Join(1, 3, *leader), second = Join(2, 3, *leader);
  first->Leave();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(leader->AllWell());
  EXPECT_TRUE(second->AllWell());
  leader->Leave();
  EXPECT_TRUE(second->AwaitStatus(0.3).ok()) << second->status();
  second->Leave();
}

TEST(ProcessWatch, NamesAProcessThatHasEndedToAllOthers) {
  const auto leader = Lead(3);
  const auto other = Join(1, 3, *leader);
  { const FileDescriptor ends = MuteProcess(2, *leader); }
  EXPECT_EQ(leader->AwaitStatus(kPatience),
            absl::UnavailableError("process 2 of 3 (mute) has ended"));
  EXPECT_EQ(other->AwaitStatus(kPatience), leader->status());
  EXPECT_FALSE(leader->AllWell());
  EXPECT_FALSE(other->AllWell());
}

TEST(ProcessWatch, TellsTheErrorThatEndsAProcess) {
  const auto leader = Lead(3);
  const auto first = Join(1, 3, *leader), second = Join(2, 3, *leader);
  first->LeaveWithError("the disk is full");
  const absl::Status status = leader->AwaitStatus(kPatience);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("process 1 of 3 ("));
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("process id ", getpid())));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("has ended with an error: the disk is full"));
  EXPECT_EQ(second->AwaitStatus(kPatience), status);
}

TEST(ProcessWatch, TellsTheErrorThatEndsProcessZero) {
  const auto leader = Lead(2);
  const auto other = Join(1, 2, *leader);
  leader->LeaveWithError("no space");
  EXPECT_THAT(std::string(other->AwaitStatus(kPatience).message()),
              HasSubstr("has ended with an error: no space"));
}

TEST(ProcessWatch, MissesAProcessThatIsSilent) {
  ProcessWatch::Options options = Patient();
  options.missed_heartbeats = 6;
  const auto leader = Lead(2, options);
  const FileDescriptor silent = MuteProcess(1, *leader);
  EXPECT_THAT(std::string(leader->AwaitStatus(kPatience).message()),
              HasSubstr("process 1 of 2 (mute) has not been heard of for 0.3 seconds"));
}

TEST(ProcessWatch, EndsAProcessThatHangs) {
  std::mutex mutex;
  std::condition_variable changed;
  absl::Status ended;
  ProcessWatch::Options options = Patient();
  options.seconds_to_leave = 0.1;
  options.end_process = [&](const absl::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex);
    ended = status;
    changed.notify_all();
  };
  const auto leader = Lead(2, options);
  { const FileDescriptor ends = MuteProcess(1, *leader); }
  std::unique_lock<std::mutex> lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::duration<double>(kPatience),
                               [&] { return !ended.ok(); }));
  EXPECT_EQ(ended, absl::UnavailableError("process 1 of 2 (mute) has ended"));
}

TEST(ProcessWatch, IgnoresOthersThanItsOwnProcesses) {
  const auto leader = Lead(2);
  std::vector<std::string> lines = absl::StrSplit(leader->address(), '\n');
  const std::string token = lines[2];
  const std::string another = absl::StrReplaceAll(leader->address(), {{token, "another run"}});
  const auto refused = ProcessWatch::Join(1, 2, another, Patient());
  EXPECT_TRUE(absl::IsUnavailable(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("cannot reach process 0 of 2"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("127.0.0.1"));
  EXPECT_TRUE(leader->AllWell());
}

}  // namespace
}  // namespace pdarts
