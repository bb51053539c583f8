// Tests that every run of the model zoo agrees with its row, and that the page in the repository is
// the page that is made from the runs. Tests that the checks find errors in runs.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/base/json.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/spec.h"
#include "pdarts/report/run_files.h"
#include "pdarts/runs/model_zoo.h"
#include "pdarts/runs/model_zoo_page.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kZoo[] = "zoo";
constexpr char kPage[] = "docs/model_zoo.md";
/// A finished search of an earlier version.
constexpr char kSearch[] = "tests/compatibility/7feb16c/search";
constexpr char kSearchName[] = "quickstart-seed1";

std::string Read(const fs::path& file) {
  auto text = ReadFile(file.string());
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *std::move(text) : "";
}

void Write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

/// Replaces a text in a file. The file must contain the text.
void Edit(const fs::path& file, const std::string& from, const std::string& to) {
  const std::string before = Read(file);
  ASSERT_THAT(before, HasSubstr(from)) << file;
  Write(file, absl::StrReplaceAll(before, {{from, to}}));
}

std::vector<std::string> FoldersIn(const fs::path& zoo) {
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(zoo)) {
    if (entry.is_directory()) folders.push_back(entry.path().string());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

/// Copies the files of a folder. The files of a test may be links, but the files of a run may not.
void CopyFiles(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    Write(to / entry.path().filename(), Read(entry.path()));
  }
}

/// Copies the runs of the repository's zoo into the folder "zoo" of `folder`.
std::vector<std::string> CopyZoo(const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder / "zoo");
  for (const std::string& run : FoldersIn(kZoo)) {
    CopyFiles(run, folder / "zoo" / fs::path(run).filename());
  }
  return FoldersIn(folder / "zoo");
}

TEST(Zoo, EveryRunIsWhatItsRowSays) {
  for (const std::string& run : CopyZoo(fs::path(testing::TempDir()) / "checked")) {
    const absl::Status status = CheckZooRun(run);
    EXPECT_TRUE(status.ok()) << status.message();
    const auto files = ReadRunFiles(run);  // in the way in which reports and derivations read it
    EXPECT_TRUE(files.ok()) << files.status();
  }
}

TEST(Zoo, HoldsNothingButRunsAndItsReadme) {
  for (const auto& entry : fs::directory_iterator(kZoo)) {
    if (!entry.is_directory()) {
      EXPECT_EQ(entry.path().filename(), "README.md");
    }
  }
}

TEST(Zoo, ThePageIsMadeOfTheRuns) {
  const fs::path folder = fs::path(testing::TempDir()) / "shown";
  std::vector<ZooRun> runs;
  for (const std::string& copy : CopyZoo(folder)) {
    const auto run = ReadZooRun(copy, (folder / "docs").string());
    ASSERT_TRUE(run.ok()) << run.status();
    runs.push_back(*run);
  }
  EXPECT_EQ(Read(kPage), ModelZooPage(runs)) << "pdarts results zoo --markdown writes it again";
}

/// A run and a zoo, each in a separate folder.
class WithARun : public testing::Test {
 protected:
  WithARun() {
    fs::remove_all(folder_);
    CopyFiles(kSearch, run_);
  }

  /// Adds the run in its present state to the zoo. Returns the copy.
  fs::path Add() {
    const auto copy = AddToZoo(run_.string(), zoo_.string());
    EXPECT_TRUE(copy.ok()) << copy.status();
    return zoo_ / kSearchName;
  }
  absl::Status Refused() {
    const absl::Status status = AddToZoo(run_.string(), zoo_.string()).status();
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(!fs::exists(zoo_) || FoldersIn(zoo_).empty()) << "something was left in the zoo";
    return status;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "zoo_test";
  const fs::path run_ = folder_ / "runs" / "any_name";
  const fs::path zoo_ = folder_ / "zoo";
};

class Check : public WithARun {
 protected:
  static void SetUpTestSuite() {
    const fs::path folder = Whole().parent_path().parent_path();
    fs::remove_all(folder);
    const fs::path run = folder / "search";
    CopyFiles(kSearch, run);
    const auto copy = AddToZoo(run.string(), Whole().parent_path().string());
    ASSERT_TRUE(copy.ok()) << copy.status();
    const absl::Status status = CheckZooRun(*copy);
    ASSERT_TRUE(status.ok()) << status;
  }

  /// A run in a zoo that passes the check.
  static fs::path Whole() { return fs::path(testing::TempDir()) / "whole" / "zoo" / kSearchName; }

  /// The error of the check after a change of the run's folder.
  std::string After(const std::function<void(const fs::path&)>& change) {
    const fs::path copy = zoo_ / kSearchName;
    fs::remove_all(zoo_);
    CopyFiles(Whole(), copy);
    change(copy);
    return std::string(CheckZooRun(copy.string()).message());
  }
};

TEST_F(Check, RefusesWeightsAndOtherFiles) {
  EXPECT_THAT(After([](const fs::path& run) { Write(run / "supernet.safetensors", "x"); }),
              HasSubstr("supernet.safetensors: a model zoo holds nothing but spec.textproto, "));
}

TEST_F(Check, RefusesALargeRun) {
  EXPECT_THAT(After([](const fs::path& run) {
                Write(run / "log.jsonl",
                      Read(run / "log.jsonl") + std::string(kMostZooBytes, '\n'));
              }),
              HasSubstr(absl::StrCat("at most ", kMostZooBytes, " are allowed")));
}

TEST_F(Check, RefusesAPathOfAMachine) {
  EXPECT_THAT(After([](const fs::path& run) {
                Edit(run / "result.json", "pdarts/datasets/cifar10_sample", "/home/me/data");
              }),
              HasSubstr("result.json: /home/me/data is a path of the machine"));
}

TEST_F(Check, RefusesASpecThatDoesNotLoad) {
  EXPECT_THAT(After([](const fs::path& run) {
                Edit(run / "spec.textproto", "batch_size:", "batch_sise:");
              }),
              HasSubstr("batch_sise"));
}

TEST_F(Check, RefusesAFolderOfAnotherName) {
  fs::path renamed;
  After([&](const fs::path& run) {
    renamed = run.parent_path() / "quickstart-seed2";
    fs::rename(run, renamed);
  });
  EXPECT_THAT(std::string(CheckZooRun(renamed.string()).message()),
              HasSubstr("the folder's name is not quickstart-seed1"));
}

TEST_F(Check, RefusesCountsThatAreNotTheCountedOnes) {
  EXPECT_THAT(After([](const fs::path& run) {
                Edit(run / "result.json", "\"params_m\":3.844198", "\"params_m\":3.844199");
              }),
              HasSubstr("params_m: 3.844199 -> 3.844198"));
  EXPECT_THAT(After([](const fs::path& run) {
                Edit(run / "result.json", "\"flops_g\":0.610307712", "\"flops_g\":0.6");
              }),
              HasSubstr("flops_g: 0.6 -> 0.610307712"));
}

TEST_F(Check, RefusesAResultOfAnotherRun) {
  EXPECT_THAT(
      After([](const fs::path& run) { Edit(run / "result.json", "\"seed\":1,", "\"seed\":2,"); }),
      HasSubstr("seed: 2 -> 1"));
  EXPECT_THAT(
      After([](const fs::path& run) { Edit(run / "result.json", "\"supernet_top1\":12,", ""); }),
      HasSubstr("supernet_top1 is missing"));
}

TEST_F(Check, RefusesAGenotypeOfAnotherRun) {
  EXPECT_THAT(After([](const fs::path& run) {
                Edit(run / "genotype.txt", "('sep_conv_3x3', 0)", "('skip_connect', 0)");
              }),
              HasSubstr("genotype.txt is Genotype("));
}

TEST_F(Check, RefusesATraceThatDerivesSomethingElse) {
  EXPECT_THAT(After([](const fs::path& run) {
                const fs::path file = run / "architecture.textproto";
                DerivedArchitecture found;
                ASSERT_TRUE(ParseSpecInto(Read(file), "found", &found).ok());
                for (EdgeDecision& edge : *found.mutable_trace()->mutable_edges()) {
                  std::reverse(edge.mutable_probabilities()->begin(),
                               edge.mutable_probabilities()->end());
                }
                Write(file, PrintSpec(found));
              }),
              HasSubstr("architecture.textproto: the trace derives Genotype("));
}

TEST_F(Check, RefusesALogThatDoesNotEnd) {
  EXPECT_THAT(After([](const fs::path& run) { Edit(run / "log.jsonl", "run_end", "stage_end"); }),
              HasSubstr("log.jsonl: its last event is not run_end"));
}

TEST_F(WithARun, IsCopiedWithoutWeightsAndPaths) {
  Edit(run_ / "result.json", "pdarts/datasets/cifar10_sample",
       "/home/me/data/cifar-10-batches-bin");
  Edit(run_ / "log.jsonl", R"({"event":"run_begin",)",
       R"({"event":"run_begin","notes":["the data lay in /mnt/a/b/, is in /mnt/c: 2 img/s"],)");
  Write(run_ / "supernet.safetensors", "weights");
  const fs::path copy = Add();
  EXPECT_TRUE(CheckZooRun(copy.string()).ok());
  EXPECT_THAT(Read(copy / "result.json"), HasSubstr("\"dataset_source\":\"cifar-10-batches-bin\""));
  EXPECT_THAT(Read(copy / "log.jsonl"), HasSubstr("[\"the data lay in b, is in c: 2 img/s\"]"));
  for (const char* name : {"spec.textproto", "architecture.textproto", "genotype.txt"}) {
    EXPECT_EQ(Read(copy / name), Read(run_ / name)) << name;
  }
  EXPECT_TRUE(ReadRunFiles(copy.string()).ok());
}

TEST_F(WithARun, KeepsFewerEpochsOfALargeLog) {
  // Each stage has two epochs, which are together too large.
  Edit(run_ / "log.jsonl", R"({"event":"epoch",)",
       absl::StrCat(R"({"event":"epoch","notes":[")", std::string(60000, 'x'), R"("],)"));
  const std::string log = Read(Add() / "log.jsonl");
  EXPECT_THAT(log, Not(HasSubstr("\"epoch\":1,")));
  for (const char* stage : {"1", "2", "3"}) {
    EXPECT_THAT(log, HasSubstr(absl::StrCat("\"stage\":", stage, ",\"stages\":3,\"epoch\":2,")));
  }
  EXPECT_TRUE(ReadRunFiles((zoo_ / kSearchName).string()).ok());
}

TEST_F(WithARun, IsRefusedIfItIsTooLarge) {
  Edit(run_ / "log.jsonl", R"({"event":"run_begin",)",
       absl::StrCat(R"({"event":"run_begin","notes":[")", std::string(kMostZooBytes, 'x'),
                    R"("],)"));
  const absl::Status status = Refused();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("with one epoch a stage in log.jsonl"));
}

TEST_F(WithARun, IsRefusedUnlessItIsFinished) {
  fs::remove(run_ / "result.json");
  EXPECT_EQ(Refused().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(WithARun, IsRefusedIfItsFilesDoNotFit) {
  Edit(run_ / "genotype.txt", "('sep_conv_3x3', 0)", "('skip_connect', 0)");
  EXPECT_THAT(std::string(Refused().message()), HasSubstr("any_name: genotype.txt is Genotype("));
}

TEST_F(WithARun, IsRefusedIfTheZooHasIt) {
  Add();
  const absl::Status again = AddToZoo(run_.string(), zoo_.string()).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(CheckZooRun((zoo_ / kSearchName).string()).ok());
}

TEST_F(WithARun, HasARowUnlessItIsUnfinished) {
  const std::string copy = Add().string();
  const auto read = ReadZooRun(copy, (folder_ / "docs").string());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->folder, "../zoo/quickstart-seed1");
  EXPECT_EQ(read->result.name(), "quickstart");
  fs::remove(fs::path(copy) / "result.json");
  EXPECT_EQ(ReadZooRun(copy, folder_.string()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace pdarts
