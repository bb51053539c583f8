#include "pdarts/cli/program.h"

#include <cstdlib>
#include <functional>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ExitedWithCode;

/// Ends the process like a program whose only command runs `work`.
[[noreturn]] void RunAndExit(const std::function<absl::Status()>& work) {
  Command command;
  command.run = [&](const std::vector<std::string>&) { return work(); };
  std::string name = "program";
  char* argv[] = {name.data(), nullptr};
  std::exit(RunProgram(1, argv, {"program", "", {command}}));
}

TEST(RunProgram, TurnsEveryExceptionIntoAMessage) {
  EXPECT_EXIT(RunAndExit([]() -> absl::Status {
                at::empty({int64_t{1} << 62, int64_t{1} << 62});
                return absl::OkStatus();
              }),
              ExitedWithCode(1), "^error: LibTorch: [^\n]*overflow");
  EXPECT_EXIT(RunAndExit([]() -> absl::Status { throw std::bad_alloc(); }), ExitedWithCode(1),
              "^error: out of memory\n$");
  EXPECT_EXIT(RunAndExit([]() -> absl::Status { throw std::length_error("too long"); }),
              ExitedWithCode(1), "^error: too long\n$");
  EXPECT_EXIT(RunAndExit([]() -> absl::Status { throw 3; }), ExitedWithCode(1), "^error: ");
}

TEST(RunProgram, ReturnsTheStatus) {
  EXPECT_EXIT(RunAndExit([] { return absl::OkStatus(); }), ExitedWithCode(0), "^$");
  EXPECT_EXIT(RunAndExit([] { return absl::NotFoundError("nothing there"); }), ExitedWithCode(1),
              "^error: nothing there\n$");
}

TEST(RunProgram, ShowsControlCharactersOfMessagesAsText) {
  EXPECT_EXIT(RunAndExit([] { return absl::NotFoundError("a\x1b[31mb"); }), ExitedWithCode(1),
              "^error: a.x1b.31mb\n$");
}

}  // namespace
}  // namespace pdarts
