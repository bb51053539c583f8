#ifndef PDARTS_CORE_TESTING_TEST_FOLDER_H_
#define PDARTS_CORE_TESTING_TEST_FOLDER_H_

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace pdarts {

/// A path in the temporary folder, with the name of the running test. Removes the file or the
/// folder at this path.
inline std::string TestPath() {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) /
      ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::remove_all(path);
  return path.string();
}

/// Makes an empty folder at TestPath(), and returns its path.
inline std::string TestFolder() {
  const std::string folder = TestPath();
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace pdarts

#endif  // PDARTS_CORE_TESTING_TEST_FOLDER_H_
