// Tests the command `compare` with a benchmark that predicts accuracies.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/empty.pb.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/registry.h"

namespace pdarts {
struct GenotypesTag;
}  // namespace pdarts
ABSL_DECLARE_FLAG(std::string, benchmark);
ABSL_DECLARE_FLAG(pdarts::StringList<pdarts::GenotypesTag>, genotypes);
ABSL_DECLARE_FLAG(int, random_architectures);

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int Count(absl::string_view text, absl::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != absl::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

/// Predicts higher accuracies for separable convolutions, and does not know architectures without
/// one.
class FakeBenchmark : public Benchmark {
 public:
  std::string space() const override { return "darts"; }
  bool predicts() const override { return true; }
  std::vector<std::string> datasets() const override { return {"made_up"}; }
  std::string default_dataset() const override { return "made_up"; }

 private:
  absl::StatusOr<BenchmarkScore> DoPredict(absl::string_view architecture,
                                           absl::string_view) const override {
    BenchmarkScore score;
    const int convolutions = Count(architecture, "sep_conv");
    score.set_accuracy(90 + convolutions);
    score.add_interval(89);
    score.add_interval(99);
    score.set_extrapolated(convolutions == 0);
    if (convolutions > 0) score.set_percentile(50);
    return score;
  }
};

const bool registered = Registry<Benchmark>::Register<google::protobuf::Empty>(
    "fake", "a benchmark of a test",
    [](const google::protobuf::Empty&) -> absl::StatusOr<std::unique_ptr<Benchmark>> {
      return std::make_unique<FakeBenchmark>();
    });

/// A genotype whose edges all hold one operation.
std::string AllOf(const std::string& operation) {
  const auto cell = [&](const char* kind) {
    std::string edges;
    for (int i = 0; i < 8; ++i) {
      absl::StrAppend(&edges, i > 0 ? ", " : "", "('", operation, "', ", i % 2, ")");
    }
    return absl::StrCat(kind, "=[", edges, "], ", kind, "_concat=range(2, 6)");
  };
  return absl::StrCat("Genotype(", cell("normal"), ", ", cell("reduce"), ")");
}

class CompareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::path(::testing::TempDir()) / "compared").string();
    absl::SetFlag(&FLAGS_benchmark, "fake");
    absl::SetFlag(&FLAGS_output_dir, folder_);
    absl::SetFlag(&FLAGS_random_architectures, 9);
  }
  /// Runs the command and stores its output.
  absl::Status Run(const std::vector<std::string>& genotypes, bool json) {
    absl::SetFlag(&FLAGS_genotypes, StringList<GenotypesTag>{genotypes});
    absl::SetFlag(&FLAGS_json, json);
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const absl::Status status = CompareCommand().run({});
    out_ = ::testing::internal::GetCapturedStdout();
    error_ = ::testing::internal::GetCapturedStderr();
    return status;
  }

  std::string folder_, out_, error_;
};

TEST_F(CompareTest, CallsPredictionsPredictions) {
  const absl::Status status =
      Run({"good:" + AllOf("sep_conv_3x3"), "known:PDARTS,DARTS_V2"}, false);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(out_,
              HasSubstr("The accuracies on made_up are predictions of the benchmark fake, not "
                        "measurements."));
  const std::string page = ReadFile(folder_ + "/compare.html").value();
  EXPECT_THAT(page, HasSubstr("are predictions of the benchmark fake, not measurements."));
  EXPECT_THAT(page, HasSubstr("predicted accuracy, %</text>"));
  EXPECT_THAT(error_, Not(HasSubstr("the group known")));
}

TEST_F(CompareTest, TellsOfArchitecturesOutsideTheData) {
  const absl::Status status = Run({"odd:PDARTS," + AllOf("skip_connect")}, false);
  ASSERT_TRUE(status.ok()) << status;
  const std::string note = "1 of the 2 architectures of the group odd lie outside the data";
  EXPECT_THAT(error_, HasSubstr("note: " + note));
  EXPECT_THAT(ReadFile(folder_ + "/compare.html").value(), HasSubstr("Note: " + note));
}

TEST_F(CompareTest, FindsThatTheBestOfAllIsBetterThanChance) {
  const absl::Status status = Run({"good:" + AllOf("sep_conv_3x3")}, true);
  ASSERT_TRUE(status.ok()) << status;
  // 16 separable convolutions. The smallest possible p-value against nine architectures is 1 / 10.
  EXPECT_THAT(out_, HasSubstr("{\"name\":\"good\",\"architectures\":1,\"mean\":106,\"std\":0,"));
  EXPECT_THAT(out_, HasSubstr("\"p_value\":0.1}"));
  EXPECT_EQ(Count(out_, "\"group\":\"random\""), 9);
  // `pdarts count` counts the default network of the space in the same way.
  ASSERT_TRUE(Run({"known:PDARTS"}, true).ok());
  EXPECT_THAT(out_, HasSubstr("\"params\":3433798,\"macs\":532174464}"));
}

TEST_F(CompareTest, NamesTheArchitectureThatIsNone) {
  EXPECT_THAT(std::string(Run({"PDARTS,PDART"}, true).message()),
              HasSubstr("--genotypes: \"PDART\" is not an architecture of the space darts"));
}

}  // namespace
}  // namespace pdarts
