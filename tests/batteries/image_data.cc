// Images for the dataset battery: those that datasets of anyone's images read.

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

// GoogleTest owns it.
::testing::Environment* const environment =
    ::testing::AddGlobalTestEnvironment(new ImageData);  // NOLINT

}  // namespace
}  // namespace pdarts
