#include "tests/docs/markdown.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Texts(const std::vector<PageText>& found) {
  std::vector<std::string> texts;
  for (const PageText& piece : found) texts.push_back(piece.text);
  return texts;
}

TEST(ParsePage, FindsAnchorsLinksAndCode) {
  const Page page = ParsePage("docs/a.md", R"(# A title, with `code`
See [there](b.md#part) and [![picture](c.png)](d.md), [too](<e f.md>). Not `[a](link)`.
## Part
#no heading
## Part
)");
  EXPECT_THAT(page.anchors, ElementsAre("a-title-with-code", "part", "part-1"));
  EXPECT_THAT(Texts(page.links), ElementsAre("b.md#part", "c.png", "d.md", "e f.md"));
  EXPECT_THAT(Texts(page.code), ElementsAre("code", "[a](link)"));
  EXPECT_EQ(page.links[0].line, 2);
}

TEST(ParsePage, KeepsBlocksApartFromText) {
  const Page page = ParsePage("a.md", R"(text
```sh
# no heading: [no link](x.md)
list
```
<!-- not of this repository -->
```sh
elsewhere
```
<!-- examples/other/BUILD.bazel -->
```python
elsewhere
```
```
plain
```
)");
  EXPECT_TRUE(page.anchors.empty());
  EXPECT_TRUE(page.links.empty());
  ASSERT_EQ(page.blocks.size(), 2u);
  EXPECT_EQ(page.blocks[0].language, "sh");
  EXPECT_EQ(page.blocks[0].line, 2);
  EXPECT_THAT(page.blocks[0].lines, ElementsAre("# no heading: [no link](x.md)", "list"));
  EXPECT_EQ(page.blocks[1].language, "");
  EXPECT_THAT(page.blocks[1].lines, ElementsAre("plain"));
}

}  // namespace
}  // namespace pdarts
