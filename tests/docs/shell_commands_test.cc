#include "tests/docs/shell_commands.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

TEST(CommandsOf, JoinsLinesAndDropsComments) {
  const auto commands = CommandsOf({10, "sh", {"one --a=1 \\", "    --b='# 2'  # why", "", "two"}});
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_EQ(commands[0].text, "one --a=1 --b='# 2'");
  EXPECT_EQ(commands[0].line, 11);
  EXPECT_EQ(commands[1].text, "two");
  EXPECT_EQ(commands[1].line, 14);
}

TEST(CommandsOf, KeepsTheOutputOfAConsole) {
  const auto commands = CommandsOf({1, "console", {"$ one", "error: # x", "$ two"}});
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_THAT(commands[0].output, ElementsAre("error: # x"));
  EXPECT_TRUE(commands[1].output.empty());
}

TEST(ShellWords, TakesQuotesAway) {
  EXPECT_THAT(ShellWords("a  --b='c d' \"e\"f ''"), ElementsAre("a", "--b=c d", "ef", ""));
}

TEST(ParsePdartsCall, KnowsTheWaysToCallAProgram) {
  PdartsCall call;
  ASSERT_TRUE(ParsePdartsCall(ShellWords("./bazelw run --config=cuda //a:b -- --c d > e"), &call));
  EXPECT_EQ(call.target, "//a:b");
  EXPECT_THAT(call.arguments, ElementsAre("--c", "d"));
  ASSERT_TRUE(ParsePdartsCall(ShellWords("OMP_NUM_THREADS=1 pdarts list --json"), &call));
  EXPECT_EQ(call.target, "//pdarts/cli:pdarts");
  EXPECT_THAT(call.arguments, ElementsAre("list", "--json"));
  EXPECT_FALSE(ParsePdartsCall(ShellWords("./bazelw test //..."), &call));
  EXPECT_FALSE(ParsePdartsCall(ShellWords("cat pdarts"), &call));
  EXPECT_FALSE(ParsePdartsCall({}, &call));
}

TEST(CommandsInHelp, ReadsTheList) {
  EXPECT_THAT(CommandsInHelp("usage: pdarts COMMAND\n\ncommands:\n  list        the plugins\n"
                             "  sweep       a search\n              over seeds\n\n  no command\n"),
              ElementsAre("list", "sweep"));
}

TEST(FlagsInHelp, ReadsTheSection) {
  EXPECT_THAT(FlagsInHelp("usage: pdarts sweep --spec=FILE\n\nflags:\n  --spec=FILE\n"
                          "      the spec, as for --run (default: none)\n  --json\n      JSON\n\n"
                          "logging:\n  --v=NUMBER\n"),
              ElementsAre("json", "spec"));
  EXPECT_THAT(FlagsInHelp("usage: pdarts help\n"), ElementsAre());
}

TEST(OutputMatches, TakesDotsForAnything) {
  EXPECT_TRUE(OutputMatches({"a"}, {"a"}));
  EXPECT_FALSE(OutputMatches({"a"}, {"a", "b"}));
  EXPECT_FALSE(OutputMatches({"a", "b"}, {"a"}));
  EXPECT_FALSE(OutputMatches({"a"}, {"ab"}));
  EXPECT_TRUE(OutputMatches({"...", "a"}, {"x", "y", "a"}));
  EXPECT_TRUE(OutputMatches({"...", "a", "..."}, {"a"}));
  EXPECT_FALSE(OutputMatches({"...", "a"}, {"a", "b"}));
  EXPECT_TRUE(OutputMatches({"a ... b ... c"}, {"a 1 b 2 c"}));
  EXPECT_FALSE(OutputMatches({"a ... b"}, {"a 1 c"}));
  EXPECT_FALSE(OutputMatches({"a...a"}, {"a"}));
}

}  // namespace
}  // namespace pdarts
