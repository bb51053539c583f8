// The command line is killed, stopped, run with a full disk, and started twice at the same time. At
// the end, the files in its run directory are equivalent to those of an uninterrupted run, to the
// bit.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/tensorboard.pb.h"
#include "pdarts/runs/tfrecord.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr char kSpec[] = R"(
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 120 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 4 warmup_epochs: 1 keep: 4 }
    stages { cells: 3 channels: 2 epochs: 4 warmup_epochs: 1 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.3, 0.4] }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
search { batch_size: 8 evaluated_epochs: 2 }
)";

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

/// A JSON message as text, without the fields for times and memory.
template <class Message>
std::string WithoutTimes(const std::string& json, const std::vector<std::string>& times) {
  Message message;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &message).ok()) << json;
  for (const std::string& name : times) {
    const auto* field = Message::descriptor()->FindFieldByName(name);
    EXPECT_NE(field, nullptr) << name;
    message.GetReflection()->ClearField(&message, field);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

/// The events of a TensorBoard file as text, without the events for times and memory.
std::string EventsWithoutTimes(const std::string& file) {
  const auto records = DecodeTfRecords(file);
  EXPECT_TRUE(records.ok()) << records.status();
  std::string text;
  for (const std::string& record : *records) {
    tensorboard::Event event;
    EXPECT_TRUE(event.ParseFromString(record));
    absl::StrAppend(&text, event.file_version(), " ", event.step(), "\n");
    for (const auto& value : event.summary().value()) {
      if (absl::StartsWith(value.tag(), "speed/") || absl::StartsWith(value.tag(), "memory/")) {
        continue;
      }
      absl::StrAppend(&text, value.DebugString());
    }
  }
  return text;
}

/// The content of each file of a run directory, without times and memory.
std::map<std::string, std::string> Meaning(const fs::path& directory) {
  std::map<std::string, std::string> meaning;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    std::string& text = meaning[name];
    text = FileContent(entry.path());
    if (name == "result.json") {
      text = WithoutTimes<RunResult>(text, {"search_cost_s", "mem_gb", "finished"});
    } else if (name == "events.out.tfevents") {
      text = EventsWithoutTimes(text);
    } else if (name == "log.jsonl") {
      std::string lines;
      for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
        absl::StrAppend(
            &lines,
            WithoutTimes<LogEvent>(std::string(line),
                                   {"time", "elapsed_s", "seconds", "images_per_second",
                                    "peak_memory_mb", "expected_memory_mb", "expected_seconds"}),
            "---\n");
      }
      text = lines;
    } else if (name == "report.html") {
      // Elements of this class contain a time, a speed, or memory.
      text = std::regex_replace(text, std::regex("(<[a-z]+ class=\"measured\">)[^<]*"), "$1");
    } else if (absl::EndsWith(name, ".pdf") && !absl::StrContains(text, "/CreationDate")) {
      text = "a drawing that holds its time in a compressed part";  // Cairo 1.18, in Debian 13
    }
  }
  return meaning;
}

class ReliabilityTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    pdarts_ = fs::absolute(std::getenv("PDARTS")).string();
    fs::current_path(::testing::TempDir());
    fs::remove_all("whole");
    std::ofstream("tiny.textproto") << kSpec;
    const Clock::time_point begin = Clock::now();
    const pid_t child = Start("whole");
    Await("whole/log.jsonl");
    const Clock::time_point training = Clock::now();
    ASSERT_EQ(Finish(child), 0) << FileContent("whole.err");
    startup_seconds_ = std::chrono::duration<double>(training - begin).count();
    training_seconds_ = std::chrono::duration<double>(Clock::now() - training).count();
    whole_ = Meaning("whole");
    ASSERT_EQ(whole_.size(), 14u);
  }

  /// Starts a search in `directory`. Its messages go to `directory`.err.
  static pid_t Start(const std::string& directory, const std::vector<std::string>& flags = {},
                     rlim_t file_size = RLIM_INFINITY) {
    std::vector<std::string> words = {"search", "--spec=tiny.textproto", "--threads=1",
                                      "--output_dir=" + directory};
    words.insert(words.end(), flags.begin(), flags.end());
    return StartCommand(words, directory + ".err", file_size);
  }

  static pid_t StartCommand(std::vector<std::string> words, const std::string& said,
                            rlim_t file_size = RLIM_INFINITY) {
    words.insert(words.begin(), pdarts_);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child < 0) std::abort();  // kill(-1, ...) would end every process
    if (child == 0) {
      const int file = open(said.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      dup2(file, STDOUT_FILENO);
      dup2(file, STDERR_FILENO);
      if (file_size != RLIM_INFINITY) {
        const rlimit limit = {file_size, file_size};
        setrlimit(RLIMIT_FSIZE, &limit);
      }
      for (const int signal : kStopSignals) std::signal(signal, SIG_DFL);
      execv(argv[0], argv.data());
      _exit(127);
    }
    return child;
  }

  /// The exit code, or 128 plus the number of the signal that ended the process.
  static int Finish(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// Stops a process until SIGCONT. kill() alone returns while threads of the process still run.
  static void Pause(pid_t child) {
    ASSERT_EQ(kill(child, SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
    ASSERT_TRUE(WIFSTOPPED(status)) << "the process ended before it was stopped";
  }

  static void Sleep(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }

  /// Waits until a file exists.
  static void Await(const fs::path& path) {
    const Clock::time_point end = Clock::now() + std::chrono::seconds(60);
    while (!fs::exists(path)) {
      ASSERT_LT(Clock::now(), end) << "no " << path;
      Sleep(0.001);
    }
  }

  static void ExpectWhole(const fs::path& directory) {
    const auto meaning = Meaning(directory);
    for (const auto& [name, text] : whole_) {
      ASSERT_EQ(meaning.count(name), 1u) << name;
      EXPECT_TRUE(meaning.at(name) == text) << name << " is not that of the uninterrupted run";
    }
    for (const auto& [name, text] : meaning) EXPECT_EQ(whole_.count(name), 1u) << name;
  }

  static std::string pdarts_;
  static double startup_seconds_, training_seconds_;
  static std::map<std::string, std::string> whole_;
};

std::string ReliabilityTest::pdarts_;
double ReliabilityTest::startup_seconds_ = 0;
double ReliabilityTest::training_seconds_ = 0;
std::map<std::string, std::string> ReliabilityTest::whole_;

TEST_F(ReliabilityTest, KilledAtRandomPointsItEndsTheSame) {
  int points = 0;
  ASSERT_TRUE(absl::SimpleAtoi(std::getenv("KILL_POINTS"), &points));
  std::mt19937 random(20261124);
  std::map<std::string, int> found;  // the states that the kills left
  int late = 0;                      // number of kills after the end of the run, which test nothing
  for (int point = 0; point < points;) {
    SCOPED_TRACE(absl::StrCat("point ", point));
    fs::remove_all("killed");
    // Checkpoints after every step, sometimes, or only at the ends of epochs.
    const std::string minutes[] = {"0", "0.0003", "10"};
    const std::vector<std::string> flags = {"--checkpoint_minutes=" + minutes[point % 3]};
    // A third of the runs is killed twice.
    const int kills = point % 3 == 1 ? 2 : 1;
    for (int i = 0; i < kills && !fs::exists("killed/result.json"); ++i) {
      const pid_t child = Start("killed", flags);
      if (i == 0) Await("killed/log.jsonl");
      Sleep((i == 0 ? 0 : startup_seconds_) +
            training_seconds_ * std::uniform_real_distribution<double>(0, 1)(random));
      kill(child, SIGKILL);
      ASSERT_THAT(Finish(child), ::testing::AnyOf(0, 128 + SIGKILL)) << FileContent("killed.err");
    }
    if (fs::exists("killed/result.json")) {
      ASSERT_LT(++late, 3 * points);
      training_seconds_ *= 0.95;  // other work on the machine made the first run slow
      continue;
    }
    ++found[fs::exists("killed/checkpoint.bin") ? "a checkpoint" : "no checkpoint"];
    ASSERT_EQ(Finish(Start("killed", flags)), 0) << FileContent("killed.err");
    ExpectWhole("killed");
    if (HasFailure()) break;
    ++point;
  }
  for (const auto& [what, times] : found) std::cout << times << " kills left " << what << "\n";
  std::cout << late << " more came too late\n";
  EXPECT_GT(found["a checkpoint"], points / 2);
}

TEST_F(ReliabilityTest, SignalsStopItAtAGoodPlaceAndItSaysHowToResume) {
  for (const int signal : kStopSignals) {
    SCOPED_TRACE(signal);
    fs::remove_all("stopped");
    const pid_t child = Start("stopped", {"--set=description=it's this"});
    Await("stopped/checkpoint.bin");
    kill(child, signal);
    EXPECT_EQ(Finish(child), 128 + signal);
    const std::string said = FileContent("stopped.err");
    EXPECT_THAT(said, HasSubstr("stopped; the state is in "));
    EXPECT_THAT(said, HasSubstr("stopped/checkpoint.bin (stage "));
    EXPECT_THAT(said, HasSubstr("search --spec=tiny.textproto --threads=1 --output_dir=stopped "
                                "'--set=description=it'\\''s this'"));
    EXPECT_FALSE(fs::exists("stopped/lock"));
  }
  // With a changed line in its spec, this is another run. The next run is the same as the
  // uninterrupted one.
  ASSERT_EQ(Finish(Start("stopped")), 1);
  EXPECT_THAT(FileContent("stopped.err"), HasSubstr("a run of another spec (deleted: description"));
  // Otherwise the signal may come before the run starts again.
  fs::remove("stopped/checkpoint.bin");
  const pid_t child = Start("stopped", {"--overwrite"});
  Await("stopped/checkpoint.bin");
  kill(child, SIGTERM);
  EXPECT_EQ(Finish(child), 128 + SIGTERM);
  EXPECT_THAT(FileContent("stopped.err"), ::testing::Not(HasSubstr("--overwrite")));
  ASSERT_EQ(Finish(Start("stopped", {"--resume"})), 0) << FileContent("stopped.err");
  ExpectWhole("stopped");
  EXPECT_EQ(Finish(Start("stopped", {"--resume"})), 1);
  EXPECT_THAT(FileContent("stopped.err"), HasSubstr("holds a finished run"));
}

TEST_F(ReliabilityTest, ASecondSignalEndsItAtOnce) {
  fs::remove_all("twice");
  // A stopped process gets both signals when it continues.
  const pid_t child = Start("twice");
  Await("twice/checkpoint.bin");
  Pause(child);
  kill(child, SIGINT);
  kill(child, SIGTERM);
  kill(child, SIGCONT);
  EXPECT_THAT(Finish(child), ::testing::AnyOf(128 + SIGINT, 128 + SIGTERM));
  EXPECT_THAT(FileContent("twice.err"), ::testing::Not(HasSubstr("To resume")));
  ASSERT_EQ(Finish(Start("twice")), 0) << FileContent("twice.err");
  ExpectWhole("twice");
}

TEST_F(ReliabilityTest, AFullDiskStopsItAndTheLastGoodCheckpointStays) {
  fs::remove_all("full");
  // The limit is less than a checkpoint. So nothing can be saved, and only time is lost.
  EXPECT_EQ(Finish(Start("full", {}, 40000)), 1);
  EXPECT_THAT(FileContent("full.err"), HasSubstr("full/checkpoint.bin: File too large"));
  EXPECT_THAT(FileContent("full.err"), HasSubstr("there is no checkpoint yet"));
  for (const auto& entry : fs::directory_iterator("full")) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
  pid_t child = Start("full");
  Await("full/checkpoint.bin");
  kill(child, SIGTERM);
  EXPECT_EQ(Finish(child), 128 + SIGTERM);
  EXPECT_THAT(FileContent("full.err"), HasSubstr("without a checkpoint: it starts over"));
  const std::string before = FileContent("full/checkpoint.bin");
  EXPECT_EQ(Finish(Start("full", {}, 40000)), 1);
  EXPECT_THAT(FileContent("full.err"), HasSubstr("File too large"));
  EXPECT_THAT(FileContent("full.err"), HasSubstr("the last good checkpoint is "));
  EXPECT_TRUE(FileContent("full/checkpoint.bin") == before);
  ASSERT_EQ(Finish(Start("full")), 0) << FileContent("full.err");
  ExpectWhole("full");
}

TEST_F(ReliabilityTest, ASweepStopsWithItsRunsAndResumesThem) {
  fs::remove_all("sweep");
  const std::vector<std::string> sweep = {"sweep",       "--spec=tiny.textproto",
                                          "--seeds=1,2", "--jobs=2",
                                          "--threads=1", "--output_dir=sweep"};
  const pid_t child = StartCommand(sweep, "sweep.err");
  Await("sweep/tiny-seed1/checkpoint.bin");
  Await("sweep/tiny-seed2/checkpoint.bin");
  kill(child, SIGTERM);
  EXPECT_EQ(Finish(child), 128 + SIGTERM);
  EXPECT_THAT(FileContent("sweep.err"), HasSubstr("stopped. To resume:"));
  EXPECT_THAT(FileContent("sweep/tiny-seed1.console.txt"), HasSubstr("stopped; the state is in "));
  ASSERT_EQ(Finish(StartCommand(sweep, "sweep.err")), 0) << FileContent("sweep.err");
  EXPECT_THAT(FileContent("sweep/tiny-seed1.console.txt"), HasSubstr("resumes in stage "));
  ExpectWhole("sweep/tiny-seed1");
}

TEST_F(ReliabilityTest, ADamagedNewestCheckpointCostsOneEpoch) {
  fs::remove_all("damaged");
  const pid_t child = Start("damaged");
  Await("damaged/checkpoint.previous.bin");
  kill(child, SIGTERM);
  EXPECT_EQ(Finish(child), 128 + SIGTERM);
  fs::resize_file("damaged/checkpoint.bin", 4096);
  ASSERT_EQ(Finish(Start("damaged")), 0) << FileContent("damaged.err");
  EXPECT_THAT(FileContent("damaged.err"), HasSubstr("note: "));
  EXPECT_THAT(FileContent("damaged.err"),
              HasSubstr("the run resumes from the checkpoint before it"));
  ExpectWhole("damaged");
}

TEST_F(ReliabilityTest, TwoProcessesDoNotShareADirectory) {
  fs::remove_all("shared");
  const pid_t child = Start("shared");
  Await("shared/checkpoint.bin");
  Pause(child);
  for (const char* flag : {"--resume", "--overwrite"}) {
    fs::remove("shared.err");
    EXPECT_EQ(Finish(Start("shared", {flag})), 1);
    EXPECT_THAT(FileContent("shared.err"),
                HasSubstr(absl::StrCat("process ", child, " is writing")));
  }
  kill(child, SIGCONT);
  EXPECT_EQ(Finish(child), 0);
  ExpectWhole("shared");
}

TEST_F(ReliabilityTest, ARunLeavesTheOneAloneThatHasItsDirectoryNow) {
  fs::remove_all("replaced");
  const pid_t first = StartCommand(
      {"search", "--spec=tiny.textproto", "--threads=1", "--seed=5", "--output_dir=replaced"},
      "first.err");
  Await("replaced/checkpoint.bin");
  Pause(first);
  fs::remove_all("replaced");
  const pid_t second = Start("replaced");
  Await("replaced/checkpoint.bin");
  kill(first, SIGCONT);
  EXPECT_EQ(Finish(first), 1);
  EXPECT_THAT(FileContent("first.err"), HasSubstr("is not the lock that this run holds any more"));
  EXPECT_EQ(Finish(second), 0) << FileContent("replaced.err");
  ExpectWhole("replaced");
}

}  // namespace
}  // namespace pdarts
