#include "pdarts/runs/run_images.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/ops/full.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/images/decode.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Four images of 4x4 pixels. Image i has the class i % 2.
std::shared_ptr<const SampleSource> Images() {
  return MakeMemorySource(at::zeros({4, 3, 4, 4}, at::kByte), at::tensor({0, 1, 0, 1}, at::kLong),
                          "nowhere");
}

/// The red value of the first pixel.
int RedOf(const Picture& picture) {
  images::DecodeOptions options;
  options.max_pixels = 10000;
  const auto image = images::DecodeImage(picture.jpeg(), options);
  EXPECT_TRUE(image.ok()) << image.status();
  return image.ok() ? image->pixels[0] : -1;
}

TEST(RunImages, SamplesHaveTheirClassAndTheirOrigin) {
  const BatchPixels first = {at::full({2, 3, 4, 4}, 100, at::kByte), at::tensor({3, 0}, at::kLong)};
  first.pixels[1].fill_(200);
  const TrainingSamples samples = DescribeSamples(first, *Images(), {"cat", "dog"});
  ASSERT_EQ(samples.pictures_size(), 2);
  EXPECT_EQ(samples.pictures(0).class_name(), "dog");
  EXPECT_EQ(samples.pictures(0).source(), Images()->Name(3));
  EXPECT_NEAR(RedOf(samples.pictures(0)), 100, 5);
  EXPECT_EQ(samples.pictures(1).class_name(), "cat");
  EXPECT_EQ(samples.pictures(1).source(), Images()->Name(0));
  EXPECT_NEAR(RedOf(samples.pictures(1)), 200, 5);
}

TEST(RunImages, MistakesHaveTheMatrixAndTheImages) {
  Evaluation evaluation;
  evaluation.predicted_classes = at::tensor({0, 0, -1, 1}, at::kLong);  // image 2 was not evaluated
  evaluation.mistakes.push_back({1, 0, 0.75, at::full({3, 4, 4}, 150, at::kByte)});
  const TestMistakes mistakes = DescribeMistakes(7, evaluation, *Images(), {"cat", "dog"});
  EXPECT_EQ(mistakes.epoch(), 7);
  ASSERT_EQ(mistakes.confusion_size(), 2);
  EXPECT_THAT(mistakes.confusion(0).counts(), ElementsAre(1, 0));
  EXPECT_THAT(mistakes.confusion(1).counts(), ElementsAre(1, 1));
  ASSERT_EQ(mistakes.images_size(), 1);
  const MistakenImage& image = mistakes.images(0);
  EXPECT_EQ(image.picture().class_name(), "dog");
  EXPECT_THAT(image.picture().source(), HasSubstr("nowhere"));
  EXPECT_EQ(image.taken_for(), "cat");
  EXPECT_EQ(image.probability(), 0.75);
  EXPECT_NEAR(RedOf(image.picture()), 150, 5);
}

TEST(RunImages, MoreThanAHundredClassesHaveNoMatrix) {
  Evaluation evaluation;
  evaluation.predicted_classes = at::zeros({4}, at::kLong);
  std::vector<std::string> names;
  for (int c = 0; c < 100; ++c) names.push_back(absl::StrCat("class ", c));
  EXPECT_EQ(DescribeMistakes(1, evaluation, *Images(), names).confusion_size(), 100);
  names.push_back("one more");
  EXPECT_EQ(DescribeMistakes(1, evaluation, *Images(), names).confusion_size(), 0);
}

}  // namespace
}  // namespace pdarts
