#ifndef PDARTS_BASE_TERMINAL_TEXT_H_
#define PDARTS_BASE_TERMINAL_TEXT_H_

#include <streambuf>
#include <string>

#include "absl/strings/string_view.h"

namespace pdarts {

/// Passes text on to another buffer, and makes it safe for a terminal. Newlines, tabs and printable
/// UTF-8 are unchanged. Each byte of another control character or of invalid UTF-8 becomes a text
/// like "\x1b". A terminal could interpret these bytes as commands, and names from files and
/// servers may contain them.
class TerminalSafeBuffer : public std::streambuf {
 public:
  /// `target` must outlive the object.
  explicit TerminalSafeBuffer(std::streambuf* target) : target_(target) {}

 protected:
  int_type overflow(int_type byte) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  /// Appends to `out` the text that `byte` completes.
  void Take(unsigned char byte, std::string* out);
  /// Appends to `out` the bytes of an incomplete character.
  void GiveUpCharacter(std::string* out);

  std::streambuf* const target_;
  std::string character_;  ///< the first bytes of a character that is not complete
  size_t whole_ = 0;       ///< the number of bytes of the complete character
};

/// The text as TerminalSafeBuffer passes it on.
std::string TerminalSafe(absl::string_view text);

}  // namespace pdarts

#endif  // PDARTS_BASE_TERMINAL_TEXT_H_
