#include "pdarts/export/python_module.h"

#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/ones.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/export/testing.h"

namespace pdarts {
namespace {

graph::Convolution MakeConvolution(int64_t in, int64_t out, int64_t kernel) {
  graph::Convolution convolution;
  convolution.weight = at::ones({out, in, kernel, kernel});
  convolution.padding = kernel / 2;
  return convolution;
}

graph::BatchNorm MakeBatchNorm(int64_t channels) {
  const at::Tensor ones = at::ones({channels});
  return {ones, ones, ones, ones, /*epsilon=*/1e-5, /*momentum=*/0.1};
}

/// A stem, two cells of different sizes, and a classifier.
NetworkGraph SmallGraph() {
  GraphBuilder builder;
  GraphValue x = builder.Add("stem.0", MakeConvolution(3, 4, 3), {builder.images()});
  x = builder.Add("stem.1", MakeBatchNorm(4), {x});
  for (const int64_t channels : {4, 8}) {
    x = builder.Module(absl::StrCat("cells.", channels / 8), "Cell", {x}, [&](const auto& in) {
      GraphValue y = builder.Add("op.0", graph::Relu{}, {in[0]});
      y = builder.Add("op.1", MakeConvolution(channels, channels, 1), {y});
      y = builder.Add("op.2", MakeBatchNorm(channels), {y});
      y = builder.Add("", graph::DropPath{}, {y});
      return builder.Add("", graph::Sum{}, {y, in[0]});
    });
  }
  x = builder.Add("", graph::GlobalAveragePool{}, {x});
  const GraphValue logits =
      builder.Add("classifier", graph::Linear{at::ones({2, 8}), at::ones({2})}, {x});
  return std::move(builder).Finish(logits, nullptr).value();
}

ExportedModel SmallModel() {
  ExportedModel model;
  model.name = "run";
  model.search_space = "space";
  model.genotype = "genotype";
  model.image = {3, 8, 8};
  model.classes = 2;
  model.class_names = {"cat", "a \"dog\""};
  model.mean = {0.1, 0.2, 0.3};
  model.deviation = {0.25, 0.5, 1};
  model.weights_file = "best.safetensors";
  return model;
}

// The text is formatted as black formats it.
constexpr char kClasses[] = R"(
class Cell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.drop_path = DropPath()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return self.drop_path(self.op(x)) + x


class Network(nn.Module):
    """The network. Its state dict is that of pdarts."""

    def __init__(self):
        super().__init__()
        mean = torch.tensor(MEAN).view(1, -1, 1, 1)
        self.register_buffer("mean", mean, persistent=False)
        deviation = torch.tensor(DEVIATION).view(1, -1, 1, 1)
        self.register_buffer("deviation", deviation, persistent=False)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
        )
        self.cells = nn.Sequential(
            Cell(4),
            Cell(8),
        )
        self.classifier = nn.Linear(8, 2)

    def forward(self, images):
        """Logits of images [N,C,H,W] with pixels in [0, 1]."""
        x = (images - self.mean) / self.deviation
        return self.classifier(self.cells(self.stem(x)).mean((2, 3)))

    def set_drop_path(self, probability):
)";

constexpr char kConstants[] = R"(
NAME = "run"
SEARCH_SPACE = "space"
GENOTYPE = "genotype"
CLASS_NAMES = ["cat", 'a "dog"']
IMAGE_SHAPE = (3, 8, 8)  # channels, height, width
# Of each channel, of pixels in [0, 1].
MEAN = [0.1, 0.2, 0.3]
DEVIATION = [0.25, 0.5, 1]
WEIGHTS = "best.safetensors"
)";

TEST(PythonModule, SizesThatDifferAreArguments) {
  const std::string text = PythonModule(SmallGraph(), SmallModel());
  EXPECT_TRUE(absl::StrContains(text, kClasses)) << text;
  EXPECT_TRUE(absl::StrContains(text, kConstants)) << text;
  EXPECT_TRUE(absl::StrContains(text, "class DropPath(nn.Module):"));
  EXPECT_FALSE(absl::StrContains(text, "class Zero(nn.Module):"));
}

TEST(PythonModule, KernelsNeedNotBeSquare) {
  GraphBuilder builder;
  GraphValue x = builder.images();
  int64_t in_channels = 3;
  // Sizes that differ between the modules of a class become arguments of the class.
  for (const int64_t width : {7, 5}) {
    x = builder.Module(absl::StrCat("part", width), "Part", {x}, [&](const auto& in) {
      graph::Convolution line, square = MakeConvolution(4, 4, width);
      line.weight = at::ones({4, in_channels, 1, width});
      return builder.Add("square", square, {builder.Add("line", line, {in[0]})});
    });
    in_channels = 4;
  }
  const GraphValue mean = builder.Add("", graph::GlobalAveragePool{}, {x});
  const NetworkGraph graph = std::move(builder).Finish(mean, nullptr).value();
  const std::string text = PythonModule(graph, SmallModel());
  EXPECT_TRUE(absl::StrContains(text, "nn.Conv2d(in_channels, 4, (1, kernel), bias=False)"))
      << text;
  EXPECT_TRUE(absl::StrContains(text, "nn.Conv2d(4, 4, kernel, padding=padding, bias=False)"))
      << text;
}

TEST(PythonModule, WithoutStatisticsNothingIsNormalized) {
  ExportedModel model = SmallModel();
  model.mean.clear();
  model.deviation.clear();
  const std::string text = PythonModule(SmallGraph(), model);
  EXPECT_FALSE(absl::StrContains(text, "self.mean"));
  EXPECT_FALSE(absl::StrContains(text, "MEAN ="));
}

TEST(PythonModule, ImageFilesArePreparedAsTheModelSays) {
  const auto resizes_by = [](const ImagePreparation& preparation, const std::string& line) {
    ExportedModel model = SmallModel();
    model.preparation = preparation;
    return absl::StrContains(
        PythonModule(SmallGraph(), model),
        absl::StrCat(".convert(\"L\" if channels == 1 else \"RGB\")\n    image = ", line,
                     "\n    pixels = "));
  };
  EXPECT_TRUE(resizes_by({/*stretches=*/false, /*border=*/0},
                         "ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)"));
  EXPECT_TRUE(resizes_by({/*stretches=*/true, /*border=*/0},
                         "image.resize((width, height), Image.Resampling.BILINEAR)"));
  EXPECT_TRUE(
      resizes_by({/*stretches=*/false, /*border=*/0.0625},
                 "ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR, 0.0625)"));
}

TEST(PythonModule, CellsOfAKindAreOneClass) {
  const TestedNetworks tested = AllTestedNetworks().front();
  const auto space = Registry<SearchSpace>::CreateDefault(tested.space).value();
  const Architecture architecture =
      RandomArchitecture(*space, MakeGenerator(2, "architectures")).value();
  NetworkShape shape = tested.shape;
  shape.cells = 8;
  shape.auxiliary_head = true;
  const auto network = RandomNetwork(*space, architecture, shape, 1);
  const std::string text = PythonModule(network->Describe().value(), SmallModel());
  // These classes belong to cells 0, 1, 4 and 7; 2 and 5; 3 and 6. Cells 2 and 5 are reduction
  // cells after cells that do not reduce.
  for (const char* const name : {"NormalCell", "ReductionCell", "NormalCellAfterReduction",
                                 "FactorizedReduce", "ReluConvBn", "AuxiliaryHead", "Network"}) {
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("\nclass ", name, "(nn.Module):"))) << name;
    EXPECT_FALSE(absl::StrContains(text, absl::StrCat("\nclass ", name, "2(nn.Module):"))) << name;
  }
  EXPECT_TRUE(absl::StrContains(text,
                                "        if self.training:\n"
                                "            return logits, self.auxiliary_head(cells_5)\n"
                                "        return logits\n"))
      << text;
}

}  // namespace
}  // namespace pdarts
