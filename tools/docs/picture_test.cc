#include "tools/docs/picture.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

TEST(DrawPicture, GivesTheCommittedPicture) {
  const auto dot = ReadFile("docs/architecture.dot");
  const auto committed = ReadFile("docs/architecture.svg");
  ASSERT_TRUE(dot.ok() && committed.ok());
  const auto svg = DrawPicture(*dot);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_EQ(WithoutPlaces(*svg), WithoutPlaces(*committed))
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
