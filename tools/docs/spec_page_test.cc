#include "tools/docs/spec_page.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.pb.h"
#include "tools/docs/example.pb.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

constexpr char kRewrite[] = "./bazelw run //tools/docs:write_spec_page";

void ReadComments(const std::string& name, ProtoComments* comments) {
  const auto bytes = ReadFile(absl::StrCat("tools/docs/", name, ".binpb"));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const absl::Status read = comments->Read(*bytes);
  ASSERT_TRUE(read.ok()) << read;
}

TEST(SpecPage, IsCommittedAsTheProtosAre) {
  ProtoComments comments;
  ReadComments("spec_protos", &comments);
  const auto committed = ReadFile("docs/spec.md");
  ASSERT_TRUE(committed.ok()) << committed.status();
  const std::string expected = SpecPage(comments);
  const std::vector<std::string> have = absl::StrSplit(*committed, '\n');
  const std::vector<std::string> want = absl::StrSplit(expected, '\n');
  for (size_t i = 0; i < std::min(have.size(), want.size()); ++i) {
    ASSERT_EQ(have[i], want[i]) << "docs/spec.md:" << i + 1 << " is stale; run " << kRewrite;
  }
  EXPECT_EQ(have.size(), want.size()) << "docs/spec.md is stale; run " << kRewrite;
}

void ExpectExplained(const google::protobuf::Descriptor& message, const ProtoComments& comments) {
  EXPECT_NE(comments.Of(message), "") << message.full_name() << " has no comment in its .proto";
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    EXPECT_NE(comments.Of(field), "") << field.full_name() << " has no comment in its .proto";
    if (field.message_type() != nullptr && field.message_type()->file() == message.file()) {
      ExpectExplained(*field.message_type(), comments);
    }
  }
}

TEST(SpecPage, ExplainsEveryField) {
  ProtoComments comments;
  ReadComments("spec_protos", &comments);
  const std::string page = SpecPage(comments);
  ExpectExplained(*ExperimentSpec::descriptor(), comments);
  ExpectExplained(*TrainSpec::descriptor(), comments);
  for (const PluginInfo& plugin : PluginRegistry::Global().List()) {
    ExpectExplained(*plugin.config, comments);
    EXPECT_THAT(page, HasSubstr(plugin.config->full_name()));
  }
}

TEST(FieldTable, TellsTypeDefaultRangeAndComment) {
  ProtoComments comments;
  ReadComments("example_protos", &comments);
  EXPECT_EQ(FieldTable(*docs_example::Example::descriptor(), comments),
            R"(| field | type | default | range | meaning |
|---|---|---|---|---|
| `count` | integer | `7` | `[1, 65536]` | Written to runs/\<name\>, one of \[a\|b\]. |
| `shares` | list of number | must be set | `[0, 0.5)`, 1 to 4 elements |  |
| `above` | number | unset | `(0, infinity)` |  |
| `color` | `RED` or `BLUE` | `BLUE` |  |  |
| `title` | text | must be set |  |  |
)");
  EXPECT_EQ(comments.Of(*docs_example::Example::descriptor()),
            "What the tests of pages are made of.");
  EXPECT_EQ(comments.Of(*docs_example::Example::Color_descriptor()->value(0)), "like fire");
}

// The ranges on the page must be those in error messages.
TEST(FieldRange, IsThatOfTheErrors) {
  docs_example::Example example;
  example.set_title("t");
  example.add_shares(0.25);
  ASSERT_TRUE(ValidateMessage(example, "").ok());
  const auto expect_range_in_error = [](const docs_example::Example& wrong, const char* field) {
    const std::string range = FieldRange(*wrong.GetDescriptor()->FindFieldByName(field));
    EXPECT_THAT(std::string(ValidateMessage(wrong, "").message()),
                HasSubstr(absl::StrCat("is not in ", range)))
        << field;
    EXPECT_NE(range, "");
  };
  docs_example::Example wrong = example;
  wrong.set_count(0);
  expect_range_in_error(wrong, "count");
  wrong = example;
  wrong.set_shares(0, 0.5);
  expect_range_in_error(wrong, "shares");
  wrong = example;
  wrong.set_above(0);
  expect_range_in_error(wrong, "above");
}

TEST(CommentAsMarkdown, ShieldsMarkupButNotCode) {
  EXPECT_EQ(CommentAsMarkdown("a <b>\n`c[*]` *.png"), "a \\<b\\> `c[*]` \\*.png");
}

TEST(ProtoComments, RefusesOtherBytes) {
  ProtoComments comments;
  EXPECT_FALSE(comments.Read("\xff\xff\xff").ok());
}

}  // namespace
}  // namespace pdarts
