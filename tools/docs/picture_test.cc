#include "tools/docs/picture.h"

#include "absl/strings/ascii.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/file.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

/// The content of a picture without coordinates, because these differ between versions of Graphviz.
std::string WithoutNumbers(const std::string& svg) {
  std::string rest;
  for (const unsigned char c : svg) {
    if (!absl::ascii_isdigit(c) && !absl::ascii_isspace(c) && c != '.' && c != ',' && c != '-')
      rest += static_cast<char>(c);
  }
  return rest;
}

TEST(DrawPicture, GivesTheCommittedPicture) {
  const auto dot = ReadFile("docs/architecture.dot");
  const auto committed = ReadFile("docs/architecture.svg");
  ASSERT_TRUE(dot.ok() && committed.ok());
  const auto svg = DrawPicture(*dot);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_EQ(WithoutNumbers(*svg), WithoutNumbers(*committed))
      << "docs/architecture.svg is stale; run ./bazelw run //tools/docs:draw_picture";
  EXPECT_THAT(*svg, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(*svg, ::testing::Not(HasSubstr("\"black\"")));
}

TEST(DrawPicture, RefusesWhatIsNoGraph) {
  const auto svg = DrawPicture("digraph { a -> }");
  ASSERT_FALSE(svg.ok());
  EXPECT_THAT(std::string(svg.status().message()), HasSubstr("syntax error"));
}

}  // namespace
}  // namespace pdarts
