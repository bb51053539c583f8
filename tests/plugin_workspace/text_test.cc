// Tests that docs/add_a_search_space.md shows every file of examples/plugin_workspace completely
// and unchanged, in numbered steps.
//
// A code block that belongs to a file follows a line <!-- examples/plugin_workspace/FILE -->. A
// file may be divided into several blocks.

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

constexpr char kText[] = "docs/add_a_search_space.md";
constexpr char kExample[] = "examples/plugin_workspace";

/// Blank lines between two blocks of a file are not in the page, so they are ignored.
std::vector<std::string> NonBlankLines(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

/// [file]: the lines of all blocks of the file.
std::map<std::string, std::vector<std::string>> ShownFiles() {
  std::map<std::string, std::vector<std::string>> shown;
  std::string file;
  bool in_block = false;
  for (const std::string& line : NonBlankLines(kText)) {
    absl::string_view marker = line;
    if (absl::StartsWith(line, "```")) {
      in_block = !in_block;
      if (!in_block) file.clear();
    } else if (in_block) {
      if (!file.empty()) shown[file].push_back(line);
    } else if (absl::ConsumePrefix(&marker, "<!-- ") && absl::ConsumeSuffix(&marker, " -->")) {
      file = std::string(marker);
    }
  }
  return shown;
}

TEST(AddASearchSpace, ShowsEveryFileOfTheExampleAsItIs) {
  std::map<std::string, std::vector<std::string>> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kExample)) {
    if (entry.is_directory()) continue;
    files[entry.path().string()] = NonBlankLines(entry.path().string());
  }
  EXPECT_GE(files.size(), 10u);
  const auto shown = ShownFiles();
  for (const auto& [file, lines] : files) {
    ASSERT_EQ(shown.count(file), 1u) << kText << " does not show " << file;
    EXPECT_THAT(shown.at(file), ::testing::ElementsAreArray(lines)) << file;
  }
  for (const auto& [file, lines] : shown) {
    EXPECT_EQ(files.count(file), 1u) << kText << " shows " << file << ", which is not there";
  }
}

TEST(AddASearchSpace, StepsAreNumberedThrough) {
  std::vector<std::string> steps;
  std::string title;
  for (const std::string& line : NonBlankLines(kText)) {
    if (title.empty()) title = line;
    if (absl::StartsWith(line, "## ") && absl::StrContains(line, ". ")) steps.push_back(line);
  }
  ASSERT_FALSE(steps.empty());
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_THAT(steps[i], ::testing::StartsWith(absl::StrCat("## ", i + 1, ". ")));
  }
  EXPECT_THAT(title, ::testing::HasSubstr(absl::StrCat("in ", steps.size(), " steps")));
}

}  // namespace
}  // namespace pdarts
