#ifndef PDARTS_CORE_TESTING_TEST_FOLDER_H_
#define PDARTS_CORE_TESTING_TEST_FOLDER_H_

#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "pdarts/base/file.h"

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

/// The bytes of a file; empty if it cannot be read.
inline std::string FileContent(const std::filesystem::path& path) {
  return ReadFile(path.string()).value_or("");
}

}  // namespace pdarts

#endif  // PDARTS_CORE_TESTING_TEST_FOLDER_H_
