#include "tools/docs/package_graph.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "tools/docs/picture.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kLayers[] =
    "# A comment.\n"
    "core\n"
    "\n"
    "nn nn/kernels\n"
    "spaces\n"
    "cli\n";

constexpr char kCore[] = "//pdarts/core:file\tcc_library\tFalse\t@com_google_absl//:status\n";
constexpr char kNn[] = "//pdarts/nn:layers\tcc_library\tFalse\t//pdarts/core:file :macs\n";
constexpr char kKernels[] =
    "//pdarts/nn/kernels:loops\tcc_library\tFalse\t[Label(\"//pdarts/core:file\")] + "
    "select({\"//third_party/config:cuda\": [Label(\"//third_party/cuda:cuda\")], "
    "\"//conditions:default\": []})\n";
constexpr char kSpaces[] =
    "//pdarts/spaces/darts:darts\tcc_library\tFalse\t//pdarts/nn:layers //pdarts/nn/kernels:loops "
    "//pdarts/core:file //pdarts/spaces/common:edges\n"
    "//pdarts/spaces/common:edges\tcc_library\tFalse\t\n";
constexpr char kCli[] =
    "//pdarts/cli:pdarts\tcc_binary\tFalse\t@pdarts//pdarts/spaces/darts:darts\n";

PackageGraph GraphWith(const std::string& more) {
  auto graph = PackageGraph::Read({kCore, kNn, kKernels, kSpaces, kCli, more}, kLayers);
  EXPECT_TRUE(graph.ok()) << graph.status();
  return graph.ok() ? *std::move(graph) : PackageGraph();
}

TEST(PackageGraphTest, KnowsTheDependenciesBetweenPackages) {
  const PackageGraph graph = GraphWith("//benchmarks:loader\tcc_binary\tFalse\t//pdarts/cli:x\n");
  EXPECT_THAT(graph.faults(), IsEmpty());
  EXPECT_EQ(graph.MarkdownTable(),
            "| layer | package | depends on |\n"
            "|---|---|---|\n"
            "| 1 | `core` | – |\n"
            "| 2 | `nn` | `core` |\n"
            "| 2 | `nn/kernels` | `core` |\n"
            "| 3 | `spaces` | `core`, `nn`, `nn/kernels` |\n"
            "| 4 | `cli` | `spaces` |\n");
}

TEST(PackageGraphTest, ThePictureLeavesOutWhatFollows) {
  const std::string dot = GraphWith("").Dot();
  EXPECT_THAT(dot, HasSubstr("{ rank=same; \"nn\"; \"nn/kernels\"; }"));
  EXPECT_THAT(dot, HasSubstr("\"spaces\" -> \"nn\";"));
  EXPECT_THAT(dot, Not(HasSubstr("\"spaces\" -> \"core\"")));
  EXPECT_LT(dot.find("\"cli\""), dot.find("\"core\""));
}

TEST(PackageGraphTest, NamesADependencyThatRunsUpwards) {
  EXPECT_THAT(GraphWith("//pdarts/core:json\tcc_library\tFalse\t//pdarts/nn:layers\n").faults(),
              ElementsAre("//pdarts/core:json (layer 1) depends on //pdarts/nn:layers (layer 2); "
                          "expected a lower layer"));
  EXPECT_THAT(GraphWith("//pdarts/nn/kernels:a\tcc_library\tFalse\t//pdarts/nn:layers\n").faults(),
              ElementsAre(HasSubstr("(layer 2) depends on //pdarts/nn:layers (layer 2)")));
  EXPECT_THAT(GraphWith("//pdarts/core:a\tcc_library\tFalse\tselect({\"//third_party:x\": "
                        "[Label(\"//pdarts/cli:pdarts\")]})\n")
                  .faults(),
              ElementsAre(HasSubstr("//pdarts/core:a (layer 1) depends on //pdarts/cli:pdarts")));
}

TEST(PackageGraphTest, TestsMayDependOnEverything) {
  EXPECT_THAT(GraphWith("//pdarts/core:a_test\tcc_test\tFalse\t//pdarts/nn:layers\n"
                        "//pdarts/core:testing\tcc_library\tTrue\t//pdarts/nn:layers\n")
                  .faults(),
              IsEmpty());
}

TEST(PackageGraphTest, NamesPackagesThatDoNotFit) {
  EXPECT_THAT(GraphWith("//pdarts/new:a\tcc_library\tFalse\t\n").faults(),
              ElementsAre("pdarts/new has no layer"));
  EXPECT_THAT(GraphWith("//pdarts/nn:a\tcc_library\tFalse\t//tests/core:b\n").faults(),
              ElementsAre("//pdarts/nn:a depends on //tests/core:b, which is not part of the "
                          "library"));
  const auto graph = PackageGraph::Read({kCore}, "core\nold\n");
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_THAT(graph->faults(), ElementsAre("no package is, or is below, old"));
}

TEST(PackageGraphTest, RefusesWhatItCanNotRead) {
  EXPECT_THAT(std::string(PackageGraph::Read({"//a:b\tcc_library\n"}, "").status().message()),
              HasSubstr("expected a label"));
  EXPECT_THAT(std::string(PackageGraph::Read({}, "core nn\ncore\n").status().message()),
              HasSubstr("core occurs twice"));
}

TEST(ReplaceBetweenMarks, ReplacesTheLinesBetween) {
  const auto page =
      ReplaceBetweenMarks("a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n", "x", "new\n");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(*page, "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n");
  EXPECT_EQ(ReplaceBetweenMarks("a\n<!-- begin x -->\n", "x", "").status().code(),
            absl::StatusCode::kNotFound);
}

// --- the packages of this repository ---

class ThisRepository : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto targets = FindPackageDependencies();
    ASSERT_TRUE(targets.ok()) << targets.status();
    ASSERT_GT(targets->size(), 50u);
    const auto layers = ReadFile("tools/docs/layers.txt");
    ASSERT_TRUE(layers.ok()) << layers.status();
    auto graph = PackageGraph::Read(*targets, *layers);
    ASSERT_TRUE(graph.ok()) << graph.status();
    graph_ = *std::move(graph);
  }

  PackageGraph graph_;
};

TEST_F(ThisRepository, EveryDependencyLeadsToALowerLayer) {
  EXPECT_THAT(graph_.faults(), IsEmpty()) << "the layers stand in tools/docs/layers.txt:\n"
                                          << absl::StrJoin(graph_.faults(), "\n");
}

TEST_F(ThisRepository, ThePageHasTheDependencies) {
  const auto page = ReadFile("docs/architecture.md");
  ASSERT_TRUE(page.ok()) << page.status();
  const auto written = ReplaceBetweenMarks(*page, kPackageTable, graph_.MarkdownTable());
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(*page, *written)
      << "docs/architecture.md is stale; run ./bazelw run //tools/docs:write_architecture_picture";
}

TEST_F(ThisRepository, ThePictureShowsTheDependencies) {
  const auto committed = ReadFile("docs/packages.svg");
  ASSERT_TRUE(committed.ok()) << committed.status();
  const auto drawn = DrawPicture(graph_.Dot());
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(WithoutPlaces(*drawn), WithoutPlaces(*committed))
      << "docs/packages.svg is stale; run ./bazelw run //tools/docs:write_architecture_picture";
}

}  // namespace
}  // namespace pdarts
