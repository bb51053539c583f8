#include "pdarts/runs/run_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/system_calls_testing.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RunDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = TestPath();
    spec_.set_name("a");
    // The specs of all runs are complete.
    ASSERT_TRUE(CompleteSpec(&spec_).ok());
  }
  absl::Status Create(bool overwrite = false) {
    return RunDirectory::Open(path_.string(), spec_,
                              overwrite ? RunStart::kOverwrite : RunStart::kResumeOrBegin)
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
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    LogEvent event;
    event.set_event("epoch");
    ASSERT_TRUE((*run)->Log(event).ok());
  }
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(FileContent(path_ / "log.jsonl"), "");
}

TEST_F(RunDirectoryTest, RefusesAFinishedRunUnlessTold) {
  {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    ASSERT_TRUE((*run)->WriteResult(RunResult()).ok());
  }
  EXPECT_THAT(Create().ToString(), HasSubstr("holds a finished run"));
  EXPECT_TRUE(fs::exists(path_ / "result.json"));
  ASSERT_TRUE(Create(/*overwrite=*/true).ok());
  EXPECT_FALSE(fs::exists(path_ / "result.json"));
}

TEST_F(RunDirectoryTest, WritesNoNumberThatIsNotFinite) {
  const auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  ASSERT_TRUE(run.ok()) << run.status();
  LogEvent event;
  event.set_weight_loss(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT((*run)->Log(event).message(), HasSubstr("log.jsonl: weight_loss is nan"));
  EXPECT_EQ(FileContent(path_ / "log.jsonl"), "");
  RunResult result;
  result.set_supernet_top1(std::numeric_limits<double>::infinity());
  EXPECT_THAT((*run)->WriteResult(result).message(),
              HasSubstr("result.json: supernet_top1 is inf"));
  EXPECT_FALSE(fs::exists(path_ / "result.json"));
}

TEST_F(RunDirectoryTest, PicturesComeBackAsTheyWereWritten) {
  auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(ReadTrainingSamples(path_.string()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadTestMistakes(path_.string()).status().code(), absl::StatusCode::kNotFound);
  TrainingSamples samples;
  Picture* const picture = samples.add_pictures();
  picture->set_jpeg(std::string("\xff\xd8\xff\0x", 5));  // not valid text
  picture->set_class_name("cat");
  ASSERT_TRUE((*run)->WriteSamples(samples).ok());
  EXPECT_EQ(ReadTrainingSamples(path_.string())->SerializeAsString(), samples.SerializeAsString());
  TestMistakes mistakes;
  mistakes.set_epoch(3);
  mistakes.add_confusion()->add_counts(17);
  *mistakes.add_images()->mutable_picture() = *picture;
  ASSERT_TRUE((*run)->WriteMistakes(mistakes).ok());
  EXPECT_EQ(ReadTestMistakes(path_.string())->SerializeAsString(), mistakes.SerializeAsString());
  std::ofstream(path_ / "mistakes.json") << R"({"images":[{"probability":"NaN"}]})";
  EXPECT_THAT(ReadTestMistakes(path_.string()).status().ToString(),
              HasSubstr("mistakes.json: images: probability is nan"));
}

/// The event that a search with these cell kinds logs at the beginning of a stage.
LogEvent StageBegin(const std::vector<std::string>& kinds) {
  LogEvent event;
  event.set_event("stage_begin");
  for (const std::string& kind : kinds) event.add_probabilities()->set_cell_kind(kind);
  return event;
}

TEST_F(RunDirectoryTest, WhatStartsOverLeavesNothingOfTheRunBefore) {
  {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    ASSERT_TRUE(run.ok()) << run.status();
    ASSERT_TRUE((*run)->Log(StageBegin({"normal", "other"})).ok());
  }
  const char* files[] = {"report.html",
                         "samples.json",
                         "mistakes.json",
                         "cell_normal.svg",
                         "cell_normal.pdf",
                         "cell_other.pdf",
                         "best.safetensors.0123456789abcdef.tmp",
                         "report.html.tmp"};
  const char* others[] = {"notes", "cell_biology.pdf", "report.html.bak", "my.tmp",
                          "my_samples.json"};
  for (const char* file : files) std::ofstream(path_ / file) << "old";
  for (const char* file : others) std::ofstream(path_ / file) << "mine";
  ASSERT_TRUE(Create(/*overwrite=*/true).ok());
  for (const char* file : files) EXPECT_FALSE(fs::exists(path_ / file)) << file;
  for (const char* file : others) EXPECT_EQ(FileContent(path_ / file), "mine") << file;
}

TEST_F(RunDirectoryTest, AKindInALogLeadsNowhereElse) {
  {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    ASSERT_TRUE(run.ok()) << run.status();
    ASSERT_TRUE((*run)->Log(StageBegin({"x/../../victim"})).ok());
  }
  fs::create_directories(path_ / "cell_x");
  const fs::path victim = path_.parent_path() / "victim.svg";
  std::ofstream(victim) << "precious";
  ASSERT_TRUE(Create(/*overwrite=*/true).ok());
  EXPECT_EQ(FileContent(victim), "precious");
}

TEST_F(RunDirectoryTest, RefusesARunOfAnotherSpec) {
  ASSERT_TRUE(Create().ok());
  std::ofstream(path_ / "log.jsonl") << "{\"event\":\"epoch\"}\n";
  spec_.set_seed(2);
  EXPECT_THAT(Create().ToString(), HasSubstr("holds a run of another spec"));
}

TEST_F(RunDirectoryTest, WhatEndedBeforeItsFirstEpochMakesWayForACorrectedSpec) {
  {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    ASSERT_TRUE(run.ok()) << run.status();
    LogEvent begin;
    begin.set_event("run_begin");
    ASSERT_TRUE((*run)->Log(begin).ok());
    // The log of a run whose stage does not fit into the memory, or whose first loss is not a
    // number.
    ASSERT_TRUE((*run)->Log(StageBegin({"normal"})).ok());
  }
  spec_.set_seed(2);
  EXPECT_THAT(RunDirectory::Open(path_.string(), spec_, RunStart::kResume).status().ToString(),
              HasSubstr("holds a run of another spec"));
  const auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_THAT((*run)->notes()[0], HasSubstr("without a checkpoint: it starts over"));
  EXPECT_EQ(FileContent(path_ / "log.jsonl"), "");
  const absl::StatusOr<ExperimentSpec> now = ReadRunSpec(path_.string());
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->seed(), 2);
}

TEST_F(RunDirectoryTest, NeverReplacesAFolderOfOtherThings) {
  fs::create_directories(path_);
  const char* files[] = {"cell_biology.pdf", "result.json", "best.safetensors", "thesis.tex"};
  for (const char* file : files) std::ofstream(path_ / file) << "mine";
  std::ofstream(path_ / "lock") << "of another program";
  for (const bool overwrite : {false, true}) {
    const std::string error = Create(overwrite).ToString();
    EXPECT_THAT(error,
                HasSubstr("files that are not a run of pdarts (there is no spec.textproto)"));
    EXPECT_THAT(error, ::testing::Not(HasSubstr("--overwrite")));
  }
  for (const char* file : files) EXPECT_EQ(FileContent(path_ / file), "mine") << file;
  EXPECT_EQ(FileContent(path_ / "lock"), "of another program");
}

TEST_F(RunDirectoryTest, OverwritesOnlyWhatHoldsTheSpecOfARun) {
  fs::create_directories(path_);
  std::ofstream(path_ / "result.json") << "mine";
  for (const char* text : {"", "temperature: 7", "not a message {", "seed: 3"}) {
    std::ofstream(path_ / "spec.textproto") << text;
    EXPECT_THAT(Create(/*overwrite=*/true).ToString(), HasSubstr("not a run of pdarts")) << text;
  }
  EXPECT_EQ(FileContent(path_ / "result.json"), "mine");
  for (const char* text : {"name: 'search' seed: 3", "name: 'training' train { epochs: 3 }"}) {
    std::ofstream(path_ / "spec.textproto") << text;
    std::ofstream(path_ / "result.json") << "old";
    EXPECT_TRUE(Create(/*overwrite=*/true).ok()) << text;
    EXPECT_FALSE(fs::exists(path_ / "result.json")) << text;
  }
}

TEST_F(RunDirectoryTest, APathBelowAFileIsAnError) {
  std::ofstream(path_.string()) << "x";
  path_ /= "run";
  const absl::Status status = Create();
  EXPECT_THAT(status.ToString(), HasSubstr(path_.string()));
  EXPECT_THAT(status.ToString(), HasSubstr("Not a directory"));
}

TEST_F(RunDirectoryTest, LogsALineAnEventWithTheProtosNames) {
  auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  LogEvent event;
  event.set_event("epoch");
  event.set_weight_loss(0.1);
  ASSERT_TRUE((*run)->Log(event).ok());
  ASSERT_TRUE((*run)->Log(event).ok());
  const std::string line = R"({"event":"epoch","weight_loss":0.1})";
  EXPECT_EQ(FileContent(path_ / "log.jsonl"), line + "\n" + line + "\n");
}

TEST_F(RunDirectoryTest, WritesTheGenotypeAlone) {
  auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  DerivedArchitecture found;
  found.set_text("text");
  ASSERT_TRUE((*run)->WriteArchitecture(found).ok());
  EXPECT_EQ(FileContent(path_ / "genotype.txt"), "text\n");
}

/// A run that logs a line, saves a checkpoint, and logs another line, `times` times.
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
  auto Resume() { return RunDirectory::Open(path_.string(), spec_, RunStart::kResume); }
  void Damage(const std::string& name) { fs::resize_file(path_ / name, 50); }
};

TEST_F(CheckpointedRunTest, ResumesFromTheNewestAndCutsTheLogBack) {
  Interrupt(3);
  const auto run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 2");
  EXPECT_TRUE((*run)->notes().empty());
  EXPECT_EQ(FileContent(path_ / "log.jsonl"), "{\"epoch\":0}\n{\"epoch\":1}\n{\"epoch\":2}\n");
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
  const std::string kept = FileContent(path_ / "events.out.tfevents");
  EXPECT_THAT(kept, HasSubstr("loss/weights"));
  event.set_epoch(2);
  ASSERT_TRUE((*run)->Log(event).ok());
  const std::string both = FileContent(path_ / "events.out.tfevents");
  EXPECT_GT(both.size(), kept.size());
  run->reset();
  run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(FileContent(path_ / "events.out.tfevents"), kept);
  ASSERT_TRUE((*run)->Log(event).ok());
  EXPECT_EQ(FileContent(path_ / "events.out.tfevents"), both);
}

TEST_F(CheckpointedRunTest, ADamagedNewestFallsBackAndSaysSo) {
  Interrupt(3);
  Damage("checkpoint.bin");
  const auto run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 1");
  ASSERT_EQ((*run)->notes().size(), 1u);
  EXPECT_THAT((*run)->notes()[0], HasSubstr("checkpoint.bin: it is cut off after 50 bytes"));
  EXPECT_EQ(FileContent(path_ / "log.jsonl"), "{\"epoch\":0}\n{\"epoch\":1}\n");
  // The damaged checkpoint does not replace the good one when the next checkpoint is written.
  ASSERT_TRUE((*run)->WriteCheckpoint(Checkpoint()).ok());
  EXPECT_EQ(ReadCheckpoint(Directory::Open(path_.string()).value(), "checkpoint.previous.bin")
                ->state.place,
            "epoch 1");
  EXPECT_TRUE(fs::exists(path_ / "checkpoint.damaged.bin"));
}

TEST_F(CheckpointedRunTest, AMissingNewestIsTheMomentBetweenTwoRenames) {
  Interrupt(3);
  fs::remove(path_ / "checkpoint.bin");
  const auto run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 1");
}

TEST_F(CheckpointedRunTest, NoGoodOneIsAnErrorThatNamesBoth) {
  Interrupt(3);
  Damage("checkpoint.bin");
  Damage("checkpoint.previous.bin");
  const absl::Status status = Resume().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.ToString(), HasSubstr("checkpoint.bin: it is cut off"));
  EXPECT_THAT(status.ToString(), HasSubstr("checkpoint.previous.bin: it is cut off"));
  EXPECT_THAT(status.ToString(), HasSubstr("--overwrite starts the run over"));
  EXPECT_TRUE(Create(/*overwrite=*/true).ok());
}

TEST_F(CheckpointedRunTest, ALogThatIsTooShortIsNoGoodBase) {
  Interrupt(3);
  fs::resize_file(path_ / "log.jsonl", 25);
  auto run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 1");
  run->reset();
  fs::resize_file(path_ / "log.jsonl", 1);
  EXPECT_THAT(Resume().status().ToString(), HasSubstr("are expected to be whole lines"));
}

TEST_F(CheckpointedRunTest, OfAnotherSpecIsRefusedWithTheDifference) {
  Interrupt(2);
  spec_.mutable_search()->set_batch_size(7);
  EXPECT_THAT(Resume().status().ToString(),
              HasSubstr("a run of another spec (modified: search.batch_size: 96 -> 7)"));
  // The file of the spec was exchanged, but the checkpoint still holds the spec.
  {
    std::ofstream file(path_ / "spec.textproto");
    file << PrintSpec(spec_);
  }
  const absl::Status status = Resume().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      status.ToString(),
      HasSubstr("checkpoint.bin is of another spec (modified: search.batch_size: 96 -> 7)"));
}

TEST_F(CheckpointedRunTest, ResumesWithAnotherNumberOfWorkers) {
  LoadingSettings* loading = spec_.mutable_search()->mutable_loading();
  loading->set_workers(4);
  loading->set_skip_unreadable(false);
  Interrupt(2);
  loading->set_workers(1);
  loading->set_prefetch_megabytes(8);
  const auto run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE((*run)->checkpoint().has_value());
}

// An image that cannot be read ended the run.
TEST_F(CheckpointedRunTest, ResumesWithoutUnreadableImages) {
  LoadingSettings* loading = spec_.mutable_search()->mutable_loading();
  loading->set_skip_unreadable(false);
  Interrupt(2);
  loading->set_skip_unreadable(true);
  const auto run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE((*run)->checkpoint().has_value());
}

TEST_F(CheckpointedRunTest, IsRemovedAtTheEnd) {
  Interrupt(3);
  {
    auto run = Resume();
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
    const auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    ASSERT_TRUE(run.ok());
    for (bool overwrite : {false, true}) {
      EXPECT_THAT(Create(overwrite).ToString(),
                  HasSubstr(absl::StrCat("process ", getpid(), " is writing there")));
    }
  }
  EXPECT_FALSE(fs::exists(path_ / "lock"));
  for (const char* left : {"1\n", "1 node7\n"}) {
    std::ofstream(path_ / "lock") << left;  // by a process that was killed, or whose host failed
    EXPECT_TRUE(Create().ok());
  }
}

TEST_F(RunDirectoryTest, TheLockNamesProcessAndHost) {
  char host[256] = {};
  ASSERT_EQ(gethostname(host, sizeof(host) - 1), 0);
  const auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(FileContent(path_ / "lock"), absl::StrCat(getpid(), " ", host, "\n"));
  EXPECT_THAT(
      Create().ToString(),
      HasSubstr(absl::StrCat("process ", getpid(), " is writing there, on the host ", host)));
}

TEST_F(RunDirectoryTest, ALockThatNamesAnotherProcessStopsTheRun) {
  auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  ASSERT_TRUE(run.ok());
  ASSERT_TRUE((*run)->CheckHeld().ok());
  // Another host, which got the lock from the server, writes its name into the same file.
  std::ofstream(path_ / "lock") << "12345 node7\n";
  const absl::Status status = (*run)->CheckHeld();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(status.ToString(), HasSubstr("\"12345 node7\""));
  EXPECT_EQ((*run)->Log(LogEvent()).code(), absl::StatusCode::kAborted);
  run->reset();
  EXPECT_EQ(FileContent(path_ / "lock"), "12345 node7\n");
}

TEST_F(RunDirectoryTest, ALinkInPlaceOfTheLockIsNotFollowed) {
  const fs::path victim = path_.string() + ".victim";
  std::ofstream(victim) << "precious";
  fs::create_directories(path_);
  fs::create_symlink(victim, path_ / "lock");
  EXPECT_THAT(Create().ToString(), HasSubstr("lock: it is a symbolic link"));
  fs::remove(path_ / "lock");
  fs::create_hard_link(victim, path_ / "lock");
  EXPECT_THAT(Create().ToString(), HasSubstr("it is a file that has another name too"));
  EXPECT_EQ(FileContent(victim), "precious");
  fs::remove(path_ / "lock");
  std::ofstream(path_ / "lock") << "of another program";
  EXPECT_THAT(Create().ToString(), HasSubstr("is not the lock of a run"));
  EXPECT_EQ(FileContent(path_ / "lock"), "of another program");
}

TEST_F(RunDirectoryTest, APipeInPlaceOfAFileIsNotWaitedFor) {
  ASSERT_TRUE(Create().ok());
  for (const char* name : {"log.jsonl", "spec.textproto", "result.json"}) {
    fs::remove(path_ / name);
    ASSERT_EQ(mkfifo((path_ / name).c_str(), 0600), 0);
  }
  EXPECT_THAT(ReadRunSpec(path_.string()).status().ToString(), HasSubstr("not a regular file"));
  EXPECT_THAT(ReadRunResult(path_.string()).status().ToString(), HasSubstr("not a regular file"));
  EXPECT_THAT(Create().ToString(), HasSubstr("spec.textproto: it is not a regular file"));
  fs::remove(path_ / "spec.textproto");
  std::ofstream(path_ / "spec.textproto") << PrintSpec(spec_);
  EXPECT_TRUE(Create(/*overwrite=*/true).ok());
}

TEST_F(RunDirectoryTest, AResultHoldsFiniteNumbers) {
  fs::create_directories(path_);
  std::ofstream(path_ / "result.json") << R"({"seed":1,"mem_gb":"NaN"})";
  const absl::Status status = ReadRunResult(path_.string()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.ToString(), HasSubstr("result.json: mem_gb is nan"));
}

TEST_F(RunDirectoryTest, ANewOneLastsThroughALossOfPower) {
  const RecordedSyncs syncs;
  ASSERT_TRUE(Create().ok());
  const std::string parent = fs::canonical(path_.parent_path()).string();
  EXPECT_THAT(syncs.paths(), ::testing::Contains(parent));
}

/// A run whose directory or lock now belongs to another run.
class LostRunTest : public RunDirectoryTest {
 protected:
  void SetUp() override {
    RunDirectoryTest::SetUp();
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    ASSERT_TRUE(run.ok()) << run.status();
    run_ = *std::move(run);
    ASSERT_TRUE(run_->WriteCheckpoint(Checkpoint()).ok());
  }
  /// Expects that every write of the run is refused.
  void ExpectWritesNothing() {
    DerivedArchitecture found;
    const absl::Status refused[] = {run_->WriteCheckpoint(Checkpoint()), run_->Log(LogEvent()),
                                    run_->WriteArchitecture(found), run_->WriteResult(RunResult())};
    for (const absl::Status& status : refused) {
      EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
      EXPECT_THAT(status.ToString(), HasSubstr("is not the lock that this run holds any more"));
    }
    run_.reset();
  }
  /// The contents of all files of the directory, by name.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(path_)) {
      files[entry.path().filename().string()] = FileContent(entry.path());
    }
    return files;
  }

  std::unique_ptr<RunDirectory> run_;
};

TEST_F(LostRunTest, LeavesTheRunAloneThatHasItsPlace) {
  fs::remove_all(path_);
  spec_.set_seed(2);
  const auto other = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE((*other)->WriteCheckpoint(Checkpoint()).ok());
  const auto before = Files();
  EXPECT_EQ(before.count("lock"), 1u);
  ExpectWritesNothing();
  EXPECT_EQ(Files(), before);
}

TEST_F(LostRunTest, AndTheRunThatTookItsLock) {
  fs::remove(path_ / "lock");
  const auto other = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
  ASSERT_TRUE(other.ok()) << other.status();
  const auto before = Files();
  ExpectWritesNothing();
  EXPECT_EQ(Files(), before);
  EXPECT_TRUE((*other)->WriteCheckpoint(Checkpoint()).ok());
}

TEST_F(LostRunTest, ResumesInADirectoryThatWasMoved) {
  const fs::path moved = path_.string() + ".moved";
  fs::remove_all(moved);
  fs::rename(path_, moved);
  EXPECT_TRUE(run_->WriteResult(RunResult()).ok());
  run_.reset();
  EXPECT_TRUE(ReadRunResult(moved.string()).ok());
  EXPECT_FALSE(fs::exists(moved / "lock"));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(CheckpointedRunTest, AnErrorOfTheDiskIsNoDamage) {
  Interrupt(3);
  const std::string before = FileContent(path_ / "checkpoint.bin");
  for (const char* file : {"checkpoint.bin", "log.jsonl", "spec.textproto"}) {
    const FailingReads failing(absl::StrCat("/", file), EIO, 10);
    const absl::Status status = Resume().status();
    EXPECT_THAT(status.ToString(), HasSubstr(absl::StrCat(file, ": Input/output error"))) << file;
    EXPECT_NE(status.code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(FileContent(path_ / "checkpoint.bin"), before);
  EXPECT_FALSE(fs::exists(path_ / "checkpoint.damaged.bin"));
  const auto run = Resume();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->checkpoint()->state.place, "epoch 2");
}

TEST_F(RunDirectoryTest, AnErrorOfTheDiskIsNoAbsence) {
  {
    auto run = RunDirectory::Open(path_.string(), spec_, RunStart::kResumeOrBegin);
    ASSERT_TRUE((*run)->WriteArchitecture(DerivedArchitecture()).ok());
    ASSERT_TRUE((*run)->WriteResult(RunResult()).ok());
  }
  const FailingReads failing("", EIO, 0);
  EXPECT_THAT(ReadRunSpec(path_.string()).status().ToString(), HasSubstr("Input/output error"));
  EXPECT_THAT(ReadRunResult(path_.string()).status().ToString(), HasSubstr("Input/output error"));
  EXPECT_THAT(FindFinishedRun(path_.string(), spec_).status().ToString(),
              HasSubstr("Input/output error"));
  EXPECT_THAT(Create().ToString(), HasSubstr("Input/output error"));
}

}  // namespace
}  // namespace pdarts
