#include "pdarts/runs/run_directory.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class RunDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::path(::testing::TempDir()) /
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(path_);
    spec_.set_name("a");
  }
  absl::Status Create(bool overwrite = false) {
    return RunDirectory::Open(path_.string(), spec_,
                              overwrite ? RunStart::kOverwrite : RunStart::kGoOn).status();
  }
  fs::path path_;
  ExperimentSpec spec_;
};

TEST_F(RunDirectoryTest, WritesTheSpecAndReadsItBack) {
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(ReadRunSpec(path_.string())->name(), "a");
}

TEST_F(RunDirectoryTest, AnUnfinishedRunOfTheSameSpecStartsAgain) {
  {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kGoOn);
    LogEvent event;
    event.set_event("epoch");
    ASSERT_TRUE((*run)->Log(event).ok());
  }
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(Read(path_ / "log.jsonl"), "");
}

TEST_F(RunDirectoryTest, RefusesAFinishedRunUnlessTold) {
  {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kGoOn);
    ASSERT_TRUE((*run)->WriteResult(RunResult()).ok());
  }
  EXPECT_THAT(Create().ToString(), HasSubstr("holds a finished run"));
  EXPECT_TRUE(fs::exists(path_ / "result.json"));
  ASSERT_TRUE(Create(/*overwrite=*/true).ok());
  EXPECT_FALSE(fs::exists(path_ / "result.json"));
}

TEST_F(RunDirectoryTest, RefusesARunOfAnotherSpec) {
  ASSERT_TRUE(Create().ok());
  spec_.set_seed(2);
  EXPECT_THAT(Create().ToString(), HasSubstr("holds a run of another spec"));
}

TEST_F(RunDirectoryTest, RefusesAFolderOfOtherThings) {
  fs::create_directories(path_);
  std::ofstream(path_ / "thesis.tex") << "x";
  EXPECT_THAT(Create().ToString(), HasSubstr("files that are no run of pdarts"));
  ASSERT_TRUE(Create(/*overwrite=*/true).ok());
  EXPECT_TRUE(fs::exists(path_ / "thesis.tex"));
}

TEST_F(RunDirectoryTest, APathBelowAFileIsAnError) {
  std::ofstream(path_.string()) << "x";
  path_ /= "run";
  const absl::Status status = Create();
  EXPECT_THAT(status.ToString(), HasSubstr(path_.string()));
  EXPECT_THAT(status.ToString(), HasSubstr("Not a directory"));
}

TEST_F(RunDirectoryTest, LogsALineAnEventWithTheProtosNames) {
  auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kGoOn);
  LogEvent event;
  event.set_event("epoch");
  event.set_weight_loss(0.1);
  ASSERT_TRUE((*run)->Log(event).ok());
  ASSERT_TRUE((*run)->Log(event).ok());
  const std::string line = R"({"event":"epoch","weight_loss":0.1})";
  EXPECT_EQ(Read(path_ / "log.jsonl"), line + "\n" + line + "\n");
}

TEST_F(RunDirectoryTest, ReadsBackWhatWasFound) {
  EXPECT_THAT(ReadRunArchitecture(path_.string()).status().ToString(),
              HasSubstr("holds no architecture yet"));
  auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kGoOn);
  DerivedArchitecture found;
  found.set_text("text");
  ASSERT_TRUE((*run)->WriteArchitecture(found).ok());
  EXPECT_EQ(ReadRunArchitecture(path_.string())->text(), "text");
  EXPECT_EQ(Read(path_ / "genotype.txt"), "text\n");
}

}  // namespace
}  // namespace pdarts
