// Reports of runs that lie in a folder of the test's own: what stands in them, and what they say of
// what is wrong.

#include "pdarts/report/report.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/report/page.h"
#include "pdarts/report/run_files.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Every edge of both DARTS cells, with these operations and probabilities.
std::string Probabilities(const std::string& edge) {
  std::string edges;
  for (int e = 0; e < 14; ++e) edges += (e > 0 ? "," : "") + edge;
  return R"("probabilities":[{"cell_kind":"normal","edges":[)" + edges +
         R"(]},{"cell_kind":"reduce","edges":[)" + edges + "]}]";
}

class ReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::path(::testing::TempDir()) /
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(path_);
    fs::create_directories(path_);
    Write("spec.textproto", R"(
name: "a"
description: "b<script>alert(1)</script>"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
schedule { [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] {} }
)");
    Write("log.jsonl", Epoch(1) + Epoch(2) + R"({"event":"epoch","sta)");
  }
  static std::string Epoch(int epoch, const std::string& more = "") {
    const std::string edge = R"({"operations":["skip_connect","sep_conv_3x3"],"probabilities":[)" +
                             std::string(epoch == 1 ? "0.4,0.6" : "0.7,0.3") + "]}";
    return R"({"event":"epoch","stage":1,"stages":1,"epoch":)" + std::to_string(epoch) +
           R"(,"epochs":3,"weight_loss":1.5,)" + more + Probabilities(edge) + "}\n";
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  fs::path path_;
};

TEST_F(ReportTest, ReadsWhatIsThereAndPassesOverALineThatIsStillWritten) {
  const auto run = ReadRunFiles(path_.string());
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ(run->epochs.size(), 2u);
  // Two edges into each of four nodes.
  EXPECT_EQ(CountOperation(*run->epochs[0].derived, "skip_connect")[0].second, 0);
  EXPECT_EQ(CountOperation(*run->epochs[1].derived, "skip_connect")[0].second, 8);
  ASSERT_TRUE(run->found.has_value());
  EXPECT_FALSE(run->finished_search);
}

TEST_F(ReportTest, ALineThatAResumedRunWritesAgainCountsOnce) {
  Write("log.jsonl", Epoch(1) + Epoch(2) + Epoch(2, R"("weight_top1":77,)"));
  const auto run = ReadRunFiles(path_.string());
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ(run->epochs.size(), 2u);
  EXPECT_EQ(run->epochs[1].event.weight_top1(), 77);
}

TEST_F(ReportTest, ThePageStandsForItselfAndEscapesWhatItIsGiven) {
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  const std::string page = Read(path_ / "report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("b&lt;script&gt;alert(1)"), Not(HasSubstr("<script>alert"))));
  EXPECT_THAT(page, AllOf(HasSubstr("id=\"normal_edge_7\""), HasSubstr("id=\"reduce_edge_7\"")));
  EXPECT_THAT(page, Not(::testing::ContainsRegex("(src|href)=\"(https?:|//)")));
  EXPECT_THAT(page, AllOf(HasSubstr("as it would be now"), Not(HasSubstr("benchmark of what"))));
  for (const char* kind : {"normal", "reduce"}) {
    EXPECT_THAT(Read(path_ / (std::string("cell_") + kind + ".svg")), HasSubstr("skip_connect"));
    EXPECT_THAT(Read(path_ / (std::string("cell_") + kind + ".pdf")), StartsWith("%PDF-"));
  }
}

TEST_F(ReportTest, ShowsTheRankWhereABenchmarkKnowsIt) {
  Write("log.jsonl", Epoch(1, R"("benchmark":{"rank":12},)"));
  ASSERT_TRUE(WriteReport(path_.string()).ok());
  EXPECT_THAT(Read(path_ / "report.html"), HasSubstr("Rank in the benchmark"));
}

TEST_F(ReportTest, NamesTheLineThatDoesNotParse) {
  Write("log.jsonl", Epoch(1) + "{]\n");
  const absl::Status status = WriteReport(path_.string());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("log.jsonl:2"));
  EXPECT_FALSE(fs::exists(path_ / "report.html"));
}

TEST_F(ReportTest, AnUnwritableReportStopsNoSearch) {
  fs::create_directories(path_ / "report.html");
  EXPECT_FALSE(WriteReport(path_.string()).ok());
  EXPECT_TRUE(ReportObserver(path_.string()).OnEpochEnd({}).ok());
}

}  // namespace
}  // namespace pdarts
