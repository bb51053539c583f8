#include "pdarts/cli/suggestion.h"

#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(ClosestWord, FindsWhatWasMeant) {
  const std::vector<std::string> known = {"count", "derive", "search", "list", "json"};
  EXPECT_EQ(ClosestWord("search", known), "search");
  EXPECT_EQ(ClosestWord("serach", known), "search");  // a swap counts as one mistake
  EXPECT_EQ(ClosestWord("sear", known), "search");
  EXPECT_EQ(ClosestWord("seearchh", known), "search");
  EXPECT_EQ(ClosestWord("jsn", known), "json");
  EXPECT_EQ(ClosestWord("coumt", known), "count");
}

TEST(ClosestWord, FindsNothingWhereNothingIsClose) {
  EXPECT_EQ(ClosestWord("train", {"search", "list"}), "");
  EXPECT_EQ(ClosestWord("to", {"spec", "csv"}), "");
  EXPECT_EQ(ClosestWord("", {"search"}), "");
  EXPECT_EQ(ClosestWord(std::string(100000, 'a'), {"search"}), "");
  EXPECT_EQ(ClosestWord("search", {}), "");
}

}  // namespace
}  // namespace pdarts
