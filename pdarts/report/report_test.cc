// Tests of reports of runs in a temporary folder: the content of the reports, and the errors for
// damaged runs.

#include "pdarts/report/report.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/page.h"
#include "pdarts/report/run_files.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Read(const fs::path& path) {
  return ReadFile(path.string()).value_or("cannot be read");
}

/// The beginning of a JPEG file.
constexpr char kJpeg[] = "\xff\xd8\xff\xe0";

/// An image as JSON. `more` has further fields.
std::string PictureJson(const std::string& class_name, const std::string& more = "") {
  return absl::StrCat(R"({"jpeg":")", absl::Base64Escape(kJpeg), R"(","class_name":")", class_name,
                      R"(")", more, "}");
}

/// Every edge of both DARTS cells, with these operations and probabilities.
std::string Probabilities(const std::string& edge) {
  std::string edges;
  for (int e = 0; e < 14; ++e) edges += (e > 0 ? "," : "") + edge;
  return R"("probabilities":[{"cell_kind":"normal","edges":[)" + edges +
         R"(]},{"cell_kind":"reduce","edges":[)" + edges + "]}]";
}

constexpr char kSpec[] = R"(
name: "a"
description: "b<script>alert(1)</script>"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 0 keep: 2 }
    stages { cells: 2 channels: 2 epochs: 2 warmup_epochs: 0 keep: 1 }
  }
}
)";

class ReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = TestFolder();
    Write("spec.textproto", kSpec);
    // Two epochs of the first stage, one of the second, and a line that is still being written.
    Write("log.jsonl", Epoch(1, 1, kThree) + Epoch(1, 2, kThree) + Epoch(2, 1, kTwo) +
                           R"({"event":"epoch","sta)");
  }
  static std::string Epoch(int stage, int epoch, const std::string& edge,
                           const std::string& more = "") {
    return R"({"event":"epoch","stages":2,"epochs":2,"stage":)" + std::to_string(stage) +
           R"(,"epoch":)" + std::to_string(epoch) + R"(,"weight_loss":1.5,)" + more +
           Probabilities(edge) + "}\n";
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

  static constexpr char kThree[] =
      R"({"operations":["max_pool_3x3","skip_connect","sep_conv_3x3"],"probabilities":[0.2,0.3,0.5]})";
  static constexpr char kTwo[] =
      R"({"operations":["skip_connect","sep_conv_3x3"],"probabilities":[0.75,0.25]})";
  fs::path path_;
};

TEST_F(ReportTest, ReadsWhatIsThereAndPassesOverALineThatIsStillWritten) {
  const auto run = ReadRunFiles(path_.string());
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ(run->epochs.size(), 3u);
  // Two edges into each of four nodes.
  EXPECT_EQ(CountOperation(*run->epochs[0].derived, "skip_connect")[0].second, 0);
  EXPECT_EQ(CountOperation(*run->epochs[2].derived, "skip_connect")[0].second, 8);
  ASSERT_TRUE(run->found.has_value());
  EXPECT_FALSE(run->finished_search);
}

TEST_F(ReportTest, NotesOnAStageStandInItWhileTheSearchRuns) {
  const std::string begin =
      R"({"event":"stage_begin","stages":2,"epochs":2,"stage":1,"notes":["stage 1: <no> step"]})"
      "\n";
  for (const std::string& epochs : {std::string(), Epoch(1, 1, kThree)}) {
    Write("log.jsonl", begin + epochs);
    ASSERT_TRUE(WriteReport(path_.string()).ok());
    EXPECT_THAT(Read(path_ / "report.html"), HasSubstr("<p>Note: stage 1: &lt;no&gt; step.</p>"));
  }
}

TEST_F(ReportTest, AnUnfinishedRunKnowsWhatWasPruned) {
  const auto run = ReadRunFiles(path_.string());
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ(run->found->trace().edges_size(), 28);
  for (const EdgeDecision& edge : run->found->trace().edges()) {
    ASSERT_EQ(edge.pruned_size(), 1);
    EXPECT_EQ(edge.pruned(0).operation(), "max_pool_3x3");
    EXPECT_EQ(edge.pruned(0).stage(), 1);
    EXPECT_EQ(edge.pruned(0).probability(), 0.2);
  }
}

TEST_F(ReportTest, ThePageStandsForItselfAndEscapesWhatItIsGiven) {
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  const std::string page = Read(path_ / "report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("b&lt;script&gt;alert(1)"), Not(HasSubstr("<script>alert"))));
  EXPECT_THAT(page, AllOf(HasSubstr("id=\"normal_edge_7\""), HasSubstr("id=\"reduce_edge_7\""),
                          HasSubstr("id=\"reduce_upright_edge_7\"")));
  EXPECT_THAT(page, Not(ContainsRegex("(src|href)=\"(https?:|//)")));
  EXPECT_THAT(page, AllOf(HasSubstr("as it would be derived now"), HasSubstr("✕ stage 1"),
                          HasSubstr("14 over 14 edges"), Not(HasSubstr("Rank in the"))));
  // The line of the pruned operation ends after two of three epochs. The values of an edge have 5
  // digits.
  EXPECT_THAT(page,
              HasSubstr(R"({"name":"max_pool_3x3","color":1,"values":[0.2,0.2],"pruned":true})"));
  for (const char* kind : {"normal", "reduce"}) {
    EXPECT_THAT(Read(path_ / (std::string("cell_") + kind + ".svg")),
                AllOf(StartsWith("<?xml"), HasSubstr("skip_connect"), Not(HasSubstr("<title>"))));
    EXPECT_THAT(Read(path_ / (std::string("cell_") + kind + ".pdf")), StartsWith("%PDF-"));
  }
}

TEST_F(ReportTest, ThePicturesOfTrainingImagesStandInIt) {
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"),
              AllOf(Not(HasSubstr("<img")), Not(HasSubstr("#samples"))));
  Write("samples.json",
        absl::StrCat(R"({"pictures":[)", PictureJson("c<a>t", R"(,"source":"x\"><script>.jpg")"),
                     ",", PictureJson("dog"), "]}"));
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  const std::string page = Read(path_ / "report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("<a href=\"#samples\">Images</a>"),
                          HasSubstr("<figure title=\"x&quot;&gt;&lt;script&gt;.jpg\">"
                                    "<img src=\"data:image/jpeg;base64,/9j/4A==\" "
                                    "alt=\"An image of c&lt;a&gt;t\"><figcaption>c&lt;a&gt;t<"),
                          HasSubstr("<figcaption>dog<")));
}

TEST_F(ReportTest, APictureThatIsNoJpegIsNoPartOfThePage) {
  Write("samples.json",
        absl::StrCat(R"({"pictures":[)", PictureJson("dog"), R"(,{"jpeg":"PHN2Zz4="}]})"));
  const absl::Status status = WriteReport(path_.string());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("samples.json: pictures[1]: jpeg holds no JPEG file"));
  Write("samples.json", "{]");
  EXPECT_THAT(std::string(WriteReport(path_.string()).message()), HasSubstr("samples.json: "));
}

TEST_F(ReportTest, TheResultThatIsStillToBeWrittenStandsInIt) {
  RunResult result;
  result.set_supernet_top1(12.34);
  result.set_search_cost_s(3723);
  result.mutable_benchmark()->set_dataset("cifar10");
  result.mutable_benchmark()->set_rank(17);
  ASSERT_TRUE(WriteReport(path_.string(), result).ok());
  EXPECT_THAT(Read(path_ / "report.html"),
              AllOf(HasSubstr("<dd>12.34 %</dd>"), HasSubstr("<dd class=\"measured\">1 h 02 min"),
                    HasSubstr("<dd>17</dd>"), Not(HasSubstr("not finished"))));
}

TEST_F(ReportTest, TheTopSaysWhetherTheSearchDecidedAnything) {
  RunResult result;
  result.set_supernet_top1(10.5);
  const std::string even =
      R"({"operations":["skip_connect","sep_conv_3x3"],"probabilities":[0.4996,0.5004]})";
  Write("log.jsonl", Epoch(1, 1, kThree) + Epoch(2, 1, even));
  // A running search may still distinguish its candidates.
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"), Not(HasSubstr("could not tell")));
  ASSERT_TRUE(WriteReport(path_.string(), result).ok());
  EXPECT_THAT(Read(path_ / "report.html"),
              AllOf(HasSubstr("<dt>chance</dt><dd>10.00 %</dd>"),
                    HasSubstr("<dt>probabilities</dt><dd>0.4996 to 0.5004</dd>"),
                    HasSubstr("<dt>an even share</dt><dd>0.5000</dd>"),
                    HasSubstr("could not tell the candidates apart")));
  result.set_supernet_top1(40);
  ASSERT_TRUE(WriteReport(path_.string(), result).ok());
  EXPECT_THAT(Read(path_ / "report.html"), Not(HasSubstr("could not tell")));
}

TEST_F(ReportTest, FiveClassesHaveNoTop5) {
  RunResult result;
  result.set_supernet_top1(30);
  for (const bool five : {false, true}) {
    std::string spec = kSpec;
    const std::string config = "SyntheticConfig] {";
    spec.insert(spec.find(config) + config.size(), five ? " classes: 5 " : " classes: 6 ");
    Write("spec.textproto", spec);
    ASSERT_TRUE(WriteReport(path_.string(), result).ok());
    const std::string page = Read(path_ / "report.html");
    EXPECT_EQ(page.find("top-5") == std::string::npos, five);
  }
}

TEST_F(ReportTest, ShowsTheRankWhereABenchmarkKnowsIt) {
  Write("log.jsonl", Epoch(1, 1, kThree, R"("benchmark":{"rank":12},)"));
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"), AllOf(HasSubstr("Rank in the benchmark"),
                                                 HasSubstr(R"("values":[12]}],"ranks":true)")));
}

TEST_F(ReportTest, ShowsPredictionsAsACurveAndCallsThemPredictions) {
  Write("log.jsonl",
        Epoch(1, 1, kThree, R"("benchmark":{"accuracy":93.5,"predicted":true,"percentile":60},)") +
            Epoch(2, 1, kThree,
                  R"("benchmark":{"accuracy":95,"predicted":true,"extrapolated":true},)"));
  RunResult result;
  BenchmarkScore* const score = result.mutable_benchmark();
  score->set_dataset("cifar10");
  score->set_predicted(true);
  score->set_accuracy(94.125);
  score->set_percentile(97.25);
  ASSERT_TRUE(WriteReport(path_.string(), result).ok());
  EXPECT_THAT(
      Read(path_ / "report.html"),
      AllOf(HasSubstr("<dt>predicted accuracy, cifar10</dt><dd>94.12 %</dd>"),
            HasSubstr("<dt>percentile of the prediction</dt><dd>97.2</dd>"),
            HasSubstr("Predicted accuracy of the architecture that each epoch would derive"),
            HasSubstr(R"("name":"prediction","color":6,"values":[93.5])"),
            HasSubstr(R"("name":"prediction outside the data")"),
            Not(HasSubstr("rank in the table")), Not(HasSubstr("Rank in the"))));
  score->set_extrapolated(true);
  ASSERT_TRUE(WriteReport(path_.string(), result).ok());
  EXPECT_THAT(Read(path_ / "report.html"), HasSubstr("none: outside the model"));
}

TEST_F(ReportTest, NamesTheLineThatDoesNotParse) {
  Write("log.jsonl", Epoch(1, 1, kThree) + "{]\n");
  const absl::Status status = WriteReport(path_.string());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("log.jsonl:2"));
  EXPECT_FALSE(fs::exists(path_ / "report.html"));
}

TEST_F(ReportTest, ALogOfAnotherSpaceIsNoReasonToCrash) {
  for (const char* edge : {R"({"operations":["conv_9x9"],"probabilities":[1]})",
                           R"({"operations":["skip_connect"]})", R"({})"}) {
    Write("log.jsonl", Epoch(1, 1, edge) + Epoch(2, 1, edge));
    const absl::Status status = WriteReport(path_.string());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << edge;
    EXPECT_THAT(std::string(status.message()), HasSubstr("log.jsonl: stage 1, epoch 1: "));
  }
}

TEST_F(ReportTest, AnEdgeThatNamesItsNodesStandsInItsPlace) {
  const auto write = [&](int from, int to) {
    std::string edge = kThree;
    edge.insert(1, absl::StrCat("\"from\":", from, ",\"to\":", to, ","));
    std::string log = Epoch(1, 1, kThree);
    log.replace(log.find(kThree), std::string(kThree).size(), edge);
    Write("log.jsonl", log);
    return WriteReport(path_.string());
  };
  EXPECT_TRUE(write(0, 2).ok());
  const absl::Status status = write(2, 0);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("log.jsonl: stage 1, epoch 1: normal cell: the edge 2 -> 0 stands where "
                        "0 -> 2 is expected"));
}

TEST_F(ReportTest, APlaceThatIsNotOfTheScheduleIsNoReasonToCrash) {
  const auto says = [&](const std::string& log) {
    Write("log.jsonl", log);
    const absl::Status status = WriteReport(path_.string());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << log;
    return std::string(status.message());
  };
  EXPECT_THAT(says(Epoch(2000000000, 1, kThree)),
              HasSubstr("log.jsonl:1: stage 2000000000, epoch 1 is not of the spec's schedule"));
  EXPECT_THAT(says(Epoch(0, 1, kThree)), HasSubstr("stage 0, epoch 1 is not of"));
  EXPECT_THAT(says(Epoch(1, 0, kThree)), HasSubstr("stage 1, epoch 0 is not of"));
  EXPECT_THAT(says(Epoch(1, 3, kThree)), HasSubstr("stage 1, epoch 3 is not of"));
  EXPECT_THAT(says(R"({"event":"stage_begin","stage":3})"
                   "\n"),
              HasSubstr("stage 3, epoch 0 is not of"));
  EXPECT_THAT(says(Epoch(1, 2, kThree) + Epoch(1, 1, kThree)),
              HasSubstr("log.jsonl:2: stage 1, epoch 1 stands after stage 1, epoch 2"));
}

/// The content of a foreign run cannot write to other places or into the page.
TEST_F(ReportTest, AnArchitectureOfAnotherSpaceIsNeverDrawn) {
  for (const char* kind : {R"(x\"><img src=x onerror=alert(1)>)", "x/../../y", ""}) {
    Write("architecture.textproto",
          R"(architecture { space: "darts" cells { kind: ")" + std::string(kind) +
              R"(" edges { from: 0 to: 200000000 operation: "skip_connect" } } cells {} })");
    const absl::Status status = WriteReport(path_.string());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << kind;
    EXPECT_THAT(std::string(status.message()), HasSubstr("architecture.textproto: architecture: "));
  }
  EXPECT_FALSE(fs::exists(path_ / "report.html"));
  EXPECT_FALSE(fs::exists(path_.parent_path() / "y.svg"));
}

TEST_F(ReportTest, ARunThatHasJustBegunHasAPage) {
  fs::remove(path_ / "log.jsonl");
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"), HasSubstr("Nothing may be derived yet"));
}

TEST_F(ReportTest, AnUnwritableReportStopsNoSearch) {
  fs::create_directories(path_ / "report.html");
  EXPECT_FALSE(WriteReport(path_.string()).ok());
  ReportObserver observer(path_.string());
  EXPECT_TRUE(observer.OnEpochEnd({}).ok());
  observer.Wait();
  observer.WriteLast({});
  EXPECT_TRUE(fs::is_directory(path_ / "report.html"));
}

/// The report of an epoch is complete when the observer is destroyed, whatever ends the search.
TEST_F(ReportTest, TheEndOfTheObserverWaitsForTheReport) {
  EXPECT_TRUE(ReportObserver(path_.string()).OnEpochEnd({}).ok());
  EXPECT_THAT(Read(path_ / "report.html"), HasSubstr("</html>"));
}

/// While a report is being written, the search continues: the call that begins the report returns
/// earlier.
TEST_F(ReportTest, AReportIsWrittenBesideTheSearch) {
  std::promise<void> search_goes_on;
  std::atomic<int> asked = 0;
  const std::thread::id search = std::this_thread::get_id();
  ReportObserver observer(path_.string(), [&] {
    // The thread that writes reads the clock when it begins.
    if (std::this_thread::get_id() != search && asked++ == 0) {
      search_goes_on.get_future().wait();
    }
    return 100.0;
  });
  EXPECT_TRUE(observer.OnEpochEnd({}).ok());
  EXPECT_FALSE(fs::exists(path_ / "report.html"));
  // A second epoch ends in the meantime: two reports are never written at the same time.
  EXPECT_TRUE(observer.OnEpochEnd({}).ok());
  search_goes_on.set_value();
  observer.Wait();
  EXPECT_TRUE(fs::exists(path_ / "report.html"));
  EXPECT_EQ(asked, 2);
}

/// Another run may have the path of the directory in the meantime.
TEST_F(ReportTest, AReportIsNotWrittenIntoADirectoryThatTookThePlaceOfItsRun) {
  const fs::path moved = path_.parent_path() / "moved";
  fs::remove_all(moved);
  std::promise<void> is_replaced;
  bool is_first = true;
  const std::thread::id search = std::this_thread::get_id();
  ReportObserver observer(path_.string(), [&] {
    if (std::this_thread::get_id() != search && std::exchange(is_first, false)) {
      is_replaced.get_future().wait();
    }
    return 100.0;
  });
  EXPECT_TRUE(observer.OnEpochEnd({}).ok());
  fs::rename(path_, moved);
  fs::copy(moved, path_);
  is_replaced.set_value();
  observer.Wait();
  EXPECT_TRUE(fs::exists(moved / "report.html"));
  EXPECT_FALSE(fs::exists(path_ / "report.html"));
  EXPECT_FALSE(fs::exists(path_ / "cell_normal.svg"));
}

TEST_F(ReportTest, RunsSideBySideAreToldApart) {
  const fs::path other = path_ / "other";
  fs::create_directories(other);
  fs::copy_file(path_ / "log.jsonl", other / "log.jsonl");
  Write("spec.textproto", std::string(kSpec) + "search { batch_size: 5 }");
  std::ofstream(other / "spec.textproto") << kSpec << "search { batch_size: 7 }";
  const std::string file = (path_ / "comparison.html").string();
  EXPECT_EQ(WriteComparison({}, file).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(WriteComparison({path_.string(), other.string()}, file).ok());
  EXPECT_THAT(Read(file),
              AllOf(HasSubstr("a, seed 1 (" + other.string() + ")"), HasSubstr("search.batch_size"),
                    HasSubstr("run0_normal_edge_7"), HasSubstr("run1_normal_edge_7")));
}

TEST_F(ReportTest, ADamagedRunStandsWithItsReasonInTheComparison) {
  const fs::path damaged = path_ / "<damaged>";
  fs::create_directories(damaged);
  std::ofstream(damaged / "spec.textproto") << kSpec;
  std::ofstream(damaged / "log.jsonl") << "{]\n";
  const std::string file = (path_ / "comparison.html").string();
  ASSERT_TRUE(WriteComparison({damaged.string(), path_.string()}, file).ok());
  EXPECT_THAT(Read(file), AllOf(HasSubstr("1 runs side by side"), HasSubstr("run0_normal_edge_7"),
                                HasSubstr("Runs that could not be read"),
                                HasSubstr("/&lt;damaged&gt;</h3>"), HasSubstr("log.jsonl:1: ")));
  fs::remove(file);
  EXPECT_EQ(WriteComparison({damaged.string()}, file).code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(fs::exists(file));
}

/// After a report that takes a second, there is no report for 19 seconds, whatever the length of
/// the log is.
TEST_F(ReportTest, ReportsTakeATwentiethOfTheTimeAtMost) {
  double now = 100;
  int asked = 0;
  const double takes = 1;
  ReportObserver observer(path_.string(), [&] { return now + takes * asked++; });
  const auto writes = [&](double time) {
    fs::remove(path_ / "report.html");
    now = time;
    asked = 0;
    EXPECT_TRUE(observer.OnEpochEnd({}).ok());
    observer.Wait();
    return fs::exists(path_ / "report.html");
  };
  // The clock is read three times: to decide whether a report is due, at its beginning and at its
  // end: 100, 101, 102.
  EXPECT_TRUE(writes(100));
  EXPECT_FALSE(writes(103));
  EXPECT_FALSE(writes(120.9));
  EXPECT_TRUE(writes(121));
  EXPECT_FALSE(writes(141.9));
  fs::remove(path_ / "report.html");
  observer.WriteLast({});
  EXPECT_TRUE(fs::exists(path_ / "report.html"));
}

constexpr char kTrainSpec[] = R"(
name: "t"
description: "<i>fine</i>"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] { classes: 3 } }
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train { epochs: 3 batch_size: 8 }
)";

class TrainingReportTest : public ReportTest {
 protected:
  void SetUp() override {
    ReportTest::SetUp();
    Write("spec.textproto", kTrainSpec);
    Write("log.jsonl", kBegin + TrainEpoch(1, "[0,1,0]") + TrainEpoch(2, "[1,2,0]") +
                           R"({"event":"epoch","epo)");
  }
  static std::string TrainEpoch(int epoch, const std::string& right) {
    return absl::StrCat(R"({"event":"epoch","epochs":3,"epoch":)", epoch,
                        R"(,"train_loss":1.5,"test_loss":2.25,"test_top1":37.5,"class_right":)",
                        right, "}\n");
  }
  /// The error of the report of a run with this log.
  std::string ErrorOf(const std::string& log) {
    Write("log.jsonl", log);
    const absl::Status status = WriteReport(path_.string());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << log;
    return std::string(status.message());
  }

  const std::string kBegin =
      R"({"event":"run_begin","class_names":["a<b>","good","absent"],"class_images":[4,2,0]})"
      "\n";
};

TEST_F(TrainingReportTest, ThePageHasCurvesClassesAndTheNetwork) {
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  const std::string page = Read(path_ / "report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("<h1>t, seed 1</h1>"), HasSubstr("&lt;i&gt;fine"),
                          HasSubstr("epoch 2/3"), HasSubstr("<dt>chance</dt><dd>33.33 %</dd>"),
                          HasSubstr(R"("name":"test images","color":1,"values":[2.25,2.25])")));
  // The worst class comes first, and a class without images comes last.
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">a&lt;b&gt;</th><td>4</td><td>1</td>"
                              "<td>25.00</td></tr>\n<tr><th scope=\"row\">good</th><td>2</td>"
                              "<td>2</td><td>100.00</td></tr>\n<tr><th scope=\"row\">absent</th>"
                              "<td>0</td><td>0</td><td>no images</td></tr>"));
  EXPECT_THAT(page, AllOf(HasSubstr("id=\"normal_edge_7\""), HasSubstr("<pre>Genotype("),
                          Not(HasSubstr("would be derived")), Not(HasSubstr("top-5"))));
  EXPECT_THAT(Read(path_ / "cell_reduce.pdf"), StartsWith("%PDF-"));
}

TEST_F(TrainingReportTest, AFinishedTrainingSaysHowLargeTheNetworkIs) {
  Write("result.json",
        R"({"name":"t","cells":3,"channels":4,"skeleton":"cifar","params":12345,"macs":678901,)"
        R"("best_epoch":2,"best_test_top1":50,"seconds":75,"commit":"abc1234"})");
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"),
              AllOf(HasSubstr("<td>12345</td>"), HasSubstr("<td>678901</td>"),
                    HasSubstr("best epoch (2), chosen by the test images"), HasSubstr("1 min 15 s"),
                    HasSubstr("abc1234"), Not(HasSubstr("not finished"))));
}

TEST_F(TrainingReportTest, ALogOfAnEarlierVersionHasAPage) {
  Write("log.jsonl", R"({"event":"run_begin"})"
                     "\n"
                     R"({"event":"epoch","epoch":1,"test_top1":40})"
                     "\n");
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"), HasSubstr("The log has no accuracy of each class"));
  fs::remove(path_ / "log.jsonl");
  EXPECT_TRUE(WriteReport(path_.string()).ok());
}

TEST_F(TrainingReportTest, MistakesStandInIt) {
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"),
              AllOf(Not(HasSubstr("#confusion")), Not(HasSubstr("#mistakes"))));
  Write("mistakes.json",
        absl::StrCat(R"({"epoch":2,"confusion":[{"counts":[1,3,0]},{"counts":[0,2,0]},)",
                     R"({"counts":[0,0,0]}],"images":[{"picture":)",
                     PictureJson("a<b>", R"(,"source":"/data/<i>.jpg")"),
                     R"(,"taken_for":"good","probability":0.9876}]})"));
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  const std::string page = Read(path_ / "report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("<a href=\"#confusion\">Confusion</a>"),
                          HasSubstr("<a href=\"#mistakes\">Mistakes</a>"),
                          HasSubstr("On the test images after epoch 2: a row for"),
                          HasSubstr("<table class=\"heat confusion\">"),
                          HasSubstr("<span class=\"upright\">a&lt;b&gt;</span>")));
  // The shade is the square root of the share of the label.
  EXPECT_THAT(page,
              HasSubstr("<tr><th scope=\"row\">a&lt;b&gt;</th><td style=\"--p:0.500\" "
                        "title=\"a&lt;b&gt;, predicted class a&lt;b&gt;\">1</td><td "
                        "style=\"--p:0.866\" title=\"a&lt;b&gt;, predicted class good\">3</td>"
                        "<td></td></tr>"));
  EXPECT_THAT(page, AllOf(HasSubstr("alt=\"a&lt;b&gt;, predicted class good\""),
                          HasSubstr("<span>a&lt;b&gt;, predicted class good (98.8 %)</span>"),
                          HasSubstr("/data/&lt;i&gt;.jpg")));
  Write("mistakes.json", R"({"epoch":2,"confusion":[{"counts":[1,0,0]},{"counts":[0,2,0]},)"
                         R"({"counts":[0,0,0]}]})");
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"), HasSubstr("every predicted class is correct"));
}

TEST_F(TrainingReportTest, TheTableOfManyClassesHasNoLegibleNumbersAndThatOfMoreIsLeftOut) {
  const auto page_of = [&](int classes, bool has_matrix) {
    std::vector<std::string> names, images, rows;
    for (int c = 0; c < classes; ++c) {
      names.push_back(absl::StrCat("\"class ", c, "\""));
      images.push_back("0");
      rows.push_back(R"({"counts":[)" + absl::StrJoin(std::vector<std::string>(classes, "0"), ",") +
                     "]}");
    }
    Write("log.jsonl",
          absl::StrCat(R"({"event":"run_begin","class_names":[)", absl::StrJoin(names, ","),
                       R"(],"class_images":[)", absl::StrJoin(images, ","), "]}\n"));
    Write("mistakes.json",
          has_matrix ? absl::StrCat(R"({"epoch":1,"confusion":[)", absl::StrJoin(rows, ","), "]}")
                     : std::string(R"({"epoch":1})"));
    EXPECT_TRUE(WriteReport(path_.string()).ok());
    return Read(path_ / "report.html");
  };
  EXPECT_THAT(page_of(20, true), HasSubstr("<table class=\"heat confusion\">"));
  EXPECT_THAT(page_of(21, true), HasSubstr("<table class=\"heat confusion many\">"));
  EXPECT_THAT(
      page_of(101, false),
      AllOf(HasSubstr("The table is left out, because there are 101 classes. pdarts evaluate "
                      "--run="),
            HasSubstr(" --csv=FILE writes"), Not(HasSubstr("<table class=\"heat confusion"))));
}

TEST_F(TrainingReportTest, DamagedMistakesAreNoReasonToCrash) {
  const auto says = [&](const std::string& mistakes) {
    Write("mistakes.json", mistakes);
    const absl::Status status = WriteReport(path_.string());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << mistakes;
    return std::string(status.message());
  };
  const std::string good = R"({"counts":[1,0,0]})";
  for (const char* row : {R"({"counts":[1,0]})", R"({"counts":[1,0,-1]})", R"({})"}) {
    EXPECT_THAT(says(absl::StrCat(R"({"confusion":[)", good, ",", good, ",", row, "]}")),
                HasSubstr("mistakes.json: confusion: expected a row for each of the 3 classes"));
  }
  EXPECT_THAT(says(absl::StrCat(R"({"confusion":[)", good, "]}")), HasSubstr("a row for each of"));
  EXPECT_THAT(says(R"({"confusion":[{"counts":["Infinity",0,0]}]})"), HasSubstr("counts is inf"));
  EXPECT_THAT(says(R"({"images":[{"picture":{"jpeg":"aGk="}}]})"),
              HasSubstr("mistakes.json: images[0].picture: jpeg holds no JPEG file"));
  EXPECT_THAT(says("{]"), HasSubstr("mistakes.json: "));
}

TEST_F(TrainingReportTest, ADamagedLogIsNoReasonToCrash) {
  EXPECT_THAT(ErrorOf(kBegin + TrainEpoch(1, "[5,0,0]")), HasSubstr("log.jsonl:2: class_right: "));
  EXPECT_THAT(ErrorOf(kBegin + TrainEpoch(1, "[-1,0,0]")), HasSubstr("log.jsonl:2: class_right: "));
  EXPECT_THAT(ErrorOf(kBegin + TrainEpoch(1, "[0]")), HasSubstr("log.jsonl:2: class_right: "));
  EXPECT_THAT(ErrorOf(TrainEpoch(1, "[0]")), HasSubstr("log.jsonl:1: class_right: "));
  EXPECT_THAT(ErrorOf(TrainEpoch(4, "[]")), HasSubstr("epoch 4 stands after epoch 0 of 3"));
  EXPECT_THAT(ErrorOf(TrainEpoch(2, "[]") + TrainEpoch(2, "[]")),
              HasSubstr("log.jsonl:2: epoch 2 stands after epoch 2 of 3"));
  EXPECT_THAT(ErrorOf(R"({"event":"run_begin","class_names":["a"]})"
                      "\n"),
              HasSubstr("log.jsonl:1: class_images: there are 0, expected one for each of the 1"));
  Write("log.jsonl", "");
  Write("result.json", R"({"params":"NaN"})");
  EXPECT_EQ(WriteReport(path_.string()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(TrainingReportTest, TrainingsStandBesideSearches) {
  const std::string file = (path_ / "comparison.html").string();
  ASSERT_TRUE(WriteComparison({path_.string(), path_.string()}, file).ok());
  EXPECT_THAT(Read(file),
              AllOf(HasSubstr("2 runs side by side"), HasSubstr("<h2 id=\"trainings\">Trainings"),
                    HasSubstr("Top-1 accuracy on the test images"), HasSubstr("the same spec")));
  const fs::path search = path_ / "search";
  fs::create_directories(search);
  std::ofstream(search / "spec.textproto") << kSpec;
  ASSERT_TRUE(WriteComparison({path_.string(), search.string()}, file).ok());
  EXPECT_THAT(Read(file),
              AllOf(HasSubstr("2 runs side by side"), HasSubstr("<h2 id=\"trainings\">Trainings"),
                    HasSubstr("<h2 id=\"cells\">Cells"),
                    Not(HasSubstr("Top-1 accuracy on the test images"))));
}

TEST(CellDrawingTest, TheSameCellGivesTheSameBytes) {
  CellArchitecture cell;
  cell.set_kind("normal");
  ArchitectureEdge* edge = cell.add_edges();
  edge->set_from(0);
  edge->set_to(2);
  edge->set_operation("a<b");
  cell.add_concat(2);
  DrawingOptions options;
  options.operations = {"a<b"};
  const auto first = DrawCellFiles(cell, options);
  ASSERT_TRUE(first.ok()) << first.status();
  // Cairo 1.18, in Debian 13, writes the time into a compressed part of the file.
  if (first->pdf.find("/CreationDate") != std::string::npos) {
    EXPECT_THAT(first->pdf, HasSubstr("/CreationDate (D:2222111111"));
  }
  EXPECT_THAT(first->svg, AllOf(HasSubstr("a&lt;b"), HasSubstr("class=\"edge op op&#45;0\"")));
  options.vertical = true;
  const auto upright = DrawCellElement(cell, options);
  ASSERT_TRUE(upright.ok()) << upright.status();
  EXPECT_THAT(upright->bytes(), StartsWith("<svg"));
}

/// Graphviz replaces some sequences that begin with a backslash or an ampersand.
TEST(CellDrawingTest, NamesAreTextThatStandsForItself) {
  CellArchitecture cell;
  cell.set_kind("x\"><script>\\N");
  ArchitectureEdge* edge = cell.add_edges();
  edge->set_from(0);
  edge->set_to(1);
  edge->set_operation("\\N\\G<script>\"");
  const auto drawn = DrawCellElement(cell, {});
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_THAT(drawn->bytes(), AllOf(HasSubstr("\\N\\G&lt;script&gt;"), Not(HasSubstr("<script"))));
}

}  // namespace
}  // namespace pdarts
