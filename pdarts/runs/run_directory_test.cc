#include "pdarts/runs/run_directory.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/spec.h"

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
                              overwrite ? RunStart::kOverwrite : RunStart::kGoOn)
        .status();
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

TEST_F(RunDirectoryTest, WhatStartsOverLeavesNothingOfTheRunBefore) {
  ASSERT_TRUE(Create().ok());
  const char* files[] = {"report.html", "cell_normal.svg", "cell_normal.pdf.tmp", "cell_other.pdf"};
  for (const char* file : files) std::ofstream(path_ / file) << "old";
  std::ofstream(path_ / "notes") << "mine";
  ASSERT_TRUE(Create(/*overwrite=*/true).ok());
  for (const char* file : files) EXPECT_FALSE(fs::exists(path_ / file)) << file;
  EXPECT_TRUE(fs::exists(path_ / "notes"));
}

TEST_F(RunDirectoryTest, RefusesARunOfAnotherSpec) {
  ASSERT_TRUE(Create().ok());
  std::ofstream(path_ / "log.jsonl") << "{}\n";
  spec_.set_seed(2);
  EXPECT_THAT(Create().ToString(), HasSubstr("holds a run of another spec"));
}

TEST_F(RunDirectoryTest, WhatEndedBeforeItsFirstStepMakesWayForACorrectedSpec) {
  ASSERT_TRUE(Create().ok());
  spec_.set_seed(2);
  EXPECT_THAT(RunDirectory::Open(path_.string(), spec_, RunStart::kResume).status().ToString(),
              HasSubstr("holds a run of another spec"));
  const auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kGoOn);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_THAT((*run)->notes()[0], HasSubstr("without a checkpoint: it starts over"));
  const absl::StatusOr<ExperimentSpec> now = ReadRunSpec(path_.string());
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->seed(), 2);
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

/// A run that logged a line, saved, and logged another, `times` times.
class CheckpointedRunTest : public RunDirectoryTest {
 protected:
  void Interrupt(int times) {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kOverwrite);
    ASSERT_TRUE(run.ok()) << run.status();
    for (int i = 0; i < times; ++i) {
      LogEvent event;
      event.set_epoch(i);
      ASSERT_TRUE((*run)->Log(event).ok());
      Checkpoint checkpoint;
      checkpoint.state.place = absl::StrCat("epoch ", i);
      ASSERT_TRUE((*run)->WriteCheckpoint(checkpoint).ok());
    }
    LogEvent lost;
    lost.set_event("lost");
    ASSERT_TRUE((*run)->Log(lost).ok());
  }
  auto GoOn() { return RunDirectory::Open(path_.string(), spec_, RunStart::kResume); }
  void Damage(const std::string& name) { fs::resize_file(path_ / name, 50); }
};

TEST_F(CheckpointedRunTest, GoesOnFromTheNewestAndCutsTheLogBack) {
  Interrupt(3);
  const auto run = GoOn();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 2");
  EXPECT_TRUE((*run)->notes().empty());
  EXPECT_EQ(Read(path_ / "log.jsonl"), "{\"epoch\":0}\n{\"epoch\":1}\n{\"epoch\":2}\n");
}

TEST_F(CheckpointedRunTest, TheEventFileIsCutBackWithTheLog) {
  auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kOverwrite);
  ASSERT_TRUE(run.ok()) << run.status();
  LogEvent event;
  event.set_event("epoch");
  event.set_epoch(1);
  event.set_weight_loss(2);
  ASSERT_TRUE((*run)->Log(event).ok());
  ASSERT_TRUE((*run)->WriteCheckpoint(Checkpoint()).ok());
  const std::string kept = Read(path_ / "events.out.tfevents");
  EXPECT_THAT(kept, HasSubstr("loss/weights"));
  event.set_epoch(2);
  ASSERT_TRUE((*run)->Log(event).ok());
  const std::string both = Read(path_ / "events.out.tfevents");
  EXPECT_GT(both.size(), kept.size());
  run->reset();
  run = GoOn();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(Read(path_ / "events.out.tfevents"), kept);
  ASSERT_TRUE((*run)->Log(event).ok());
  EXPECT_EQ(Read(path_ / "events.out.tfevents"), both);
}

TEST_F(CheckpointedRunTest, ADamagedNewestFallsBackAndSaysSo) {
  Interrupt(3);
  Damage("checkpoint.bin");
  const auto run = GoOn();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 1");
  ASSERT_EQ((*run)->notes().size(), 1u);
  EXPECT_THAT((*run)->notes()[0], HasSubstr("checkpoint.bin: it is cut off after 50 bytes"));
  EXPECT_EQ(Read(path_ / "log.jsonl"), "{\"epoch\":0}\n{\"epoch\":1}\n");
  // The good one isn't replaced by the damaged one when the next is written.
  ASSERT_TRUE((*run)->WriteCheckpoint(Checkpoint()).ok());
  EXPECT_EQ(ReadCheckpoint((path_ / "checkpoint.previous.bin").string())->state.place, "epoch 1");
  EXPECT_TRUE(fs::exists(path_ / "checkpoint.damaged.bin"));
}

TEST_F(CheckpointedRunTest, AMissingNewestIsTheMomentBetweenTwoRenames) {
  Interrupt(3);
  fs::remove(path_ / "checkpoint.bin");
  const auto run = GoOn();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 1");
}

TEST_F(CheckpointedRunTest, NoGoodOneIsAnErrorThatNamesBoth) {
  Interrupt(3);
  Damage("checkpoint.bin");
  Damage("checkpoint.previous.bin");
  const absl::Status status = GoOn().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.ToString(), HasSubstr("checkpoint.bin: it is cut off"));
  EXPECT_THAT(status.ToString(), HasSubstr("checkpoint.previous.bin: it is cut off"));
  EXPECT_THAT(status.ToString(), HasSubstr("--overwrite starts the run over"));
  EXPECT_TRUE(Create(/*overwrite=*/true).ok());
}

TEST_F(CheckpointedRunTest, ALogThatIsTooShortIsNoGoodBase) {
  Interrupt(3);
  fs::resize_file(path_ / "log.jsonl", 25);
  auto run = GoOn();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 1");
  run->reset();
  fs::resize_file(path_ / "log.jsonl", 1);
  EXPECT_THAT(GoOn().status().ToString(), HasSubstr("are expected to be whole lines"));
}

TEST_F(CheckpointedRunTest, OfAnotherSpecIsRefusedWithTheDifference) {
  Interrupt(2);
  spec_.mutable_search()->set_batch_size(7);
  EXPECT_THAT(GoOn().status().ToString(), HasSubstr("a run of another spec (added: search"));
  // The spec's file was exchanged: the checkpoint still knows.
  {
    std::ofstream file(path_ / "spec.textproto");
    file << PrintSpec(spec_);
  }
  const absl::Status status = GoOn().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.ToString(), HasSubstr("checkpoint.bin is of another spec (added: search"));
}

TEST_F(CheckpointedRunTest, IsRemovedAtTheEnd) {
  Interrupt(3);
  {
    auto run = GoOn();
    ASSERT_TRUE((*run)->WriteResult(RunResult()).ok());
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("spec.textproto", "log.jsonl",
                                                     "events.out.tfevents", "result.json"));
}

TEST_F(RunDirectoryTest, ResumingWhatIsNoRunIsAnError) {
  const auto resume = [&] {
    return RunDirectory::Open(path_.string(), spec_, RunStart::kResume).status().ToString();
  };
  EXPECT_THAT(resume(), HasSubstr("holds no run"));
  EXPECT_FALSE(fs::exists(path_));
  fs::create_directories(path_);
  EXPECT_THAT(resume(), HasSubstr("holds no run"));
}

TEST_F(RunDirectoryTest, WithoutACheckpointItStartsOverAndSaysSo) {
  ASSERT_TRUE(Create().ok());
  const auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResume);
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ((*run)->notes().size(), 1u);
  EXPECT_THAT((*run)->notes()[0], HasSubstr("without a checkpoint: it starts over"));
}

TEST_F(RunDirectoryTest, IsLockedWhileItIsOpen) {
  {
    const auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kGoOn);
    ASSERT_TRUE(run.ok());
    for (bool overwrite : {false, true}) {
      EXPECT_THAT(Create(overwrite).ToString(),
                  HasSubstr(absl::StrCat("process ", getpid(), " is writing there")));
    }
  }
  EXPECT_FALSE(fs::exists(path_ / "lock"));
  std::ofstream(path_ / "lock") << "1";  // left by a process that was killed
  EXPECT_TRUE(Create().ok());
}

}  // namespace
}  // namespace pdarts
