#include "pdarts/base/terminal_text.h"

#include <ostream>
#include <sstream>

#include "gtest/gtest.h"

namespace pdarts {
namespace {

TEST(TerminalSafe, KeepsTextAsItIs) {
  const std::string text = "a ~\tb\n\xc3\xa9 \xe2\x80\x93 \xf0\x9f\x98\x80 \xc2\xa0";
  EXPECT_EQ(TerminalSafe(text), text);
  EXPECT_EQ(TerminalSafe(""), "");
}

TEST(TerminalSafe, ShowsControlCharactersAsText) {
  EXPECT_EQ(TerminalSafe("\x1b[31mred\x1b]0;title\x07"), "\\x1b[31mred\\x1b]0;title\\x07");
  EXPECT_EQ(TerminalSafe("a\rb\x7f\b"), "a\\x0db\\x7f\\x08");
  EXPECT_EQ(TerminalSafe(std::string(1, '\0')), "\\x00");
  // Control characters with eight bits, as single bytes and as UTF-8.
  EXPECT_EQ(TerminalSafe("\x9b"
                         "31m"),
            "\\x9b31m");
  EXPECT_EQ(TerminalSafe("\xc2\x9b"
                         "31m"),
            "\\xc2\\x9b31m");
}

TEST(TerminalSafe, ShowsInvalidUtf8AsText) {
  EXPECT_EQ(TerminalSafe("\xc0\x9b"), "\\xc0\\x9b");  // ESC in an overlong form of two bytes
  EXPECT_EQ(TerminalSafe("\xe0\x80\x9b"), "\\xe0\\x80\\x9b");  // the same in three bytes
  EXPECT_EQ(TerminalSafe("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(TerminalSafe("\xf7\xbf\xbf\xbf\xff"), "\\xf7\\xbf\\xbf\\xbf\\xff");
  EXPECT_EQ(TerminalSafe("\xe2\x80"), "\\xe2\\x80");      // cut off
  EXPECT_EQ(TerminalSafe("\xe2\x1b[m"), "\\xe2\\x1b[m");  // cut off by a control character
  EXPECT_EQ(TerminalSafe("\xc3\xc3\xa9"), "\\xc3\xc3\xa9");
}

TEST(TerminalSafeBuffer, JoinsCharactersThatCameInPieces) {
  std::stringbuf target;
  TerminalSafeBuffer buffer(&target);
  std::ostream stream(&buffer);
  stream << '\xc3' << '\xa9' << "\xe2"
         << "\x80\x93" << '\x1b';
  EXPECT_EQ(target.str(), "\xc3\xa9\xe2\x80\x93\\x1b");
  stream << '\xe2' << std::flush;
  EXPECT_EQ(target.str(), "\xc3\xa9\xe2\x80\x93\\x1b\\xe2");
  EXPECT_TRUE(stream.good());
}

/// A buffer that accepts nothing, like a full disk.
class FullBuffer : public std::streambuf {};

TEST(TerminalSafeBuffer, PassesErrorsOn) {
  FullBuffer full;
  TerminalSafeBuffer buffer(&full);
  std::ostream text(&buffer), character(&buffer);
  text << "text";
  EXPECT_FALSE(text.good());
  character << 'c';
  EXPECT_FALSE(character.good());
}

}  // namespace
}  // namespace pdarts
