// Writes images for the dataset battery, for the datasets that read images of users.

#include "gtest/gtest.h"
#include "pdarts/datasets/image_shards/testing.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

class ImageData : public ::testing::Environment {
 public:
  void SetUp() override {
    images::WriteImageFolder(::testing::TempDir(), /*classes=*/10, /*images=*/5);
    image_shards::WriteShards(::testing::TempDir(), /*classes=*/10, /*images=*/5);
  }
};

// GoogleTest owns the environment.
::testing::Environment* const environment =
    ::testing::AddGlobalTestEnvironment(new ImageData);  // NOLINT

}  // namespace
}  // namespace pdarts
