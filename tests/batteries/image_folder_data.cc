// Images for the dataset battery: those that a dataset of anyone's images reads.

#include "gtest/gtest.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

class ImageFolder : public ::testing::Environment {
 public:
  void SetUp() override {
    images::WriteImageFolder(::testing::TempDir(), /*classes=*/10, /*images=*/5);
  }
};

// GoogleTest owns it.
::testing::Environment* const environment =
    ::testing::AddGlobalTestEnvironment(new ImageFolder);  // NOLINT

}  // namespace
}  // namespace pdarts
