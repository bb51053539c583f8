#ifndef PDARTS_CORE_TERMINAL_TEXT_H_
#define PDARTS_CORE_TERMINAL_TEXT_H_

#include <streambuf>
#include <string>

#include "absl/strings/string_view.h"

namespace pdarts {

/// Passes text on to another buffer and makes it safe for a terminal: newlines, tabs and printable
/// UTF-8 as they are; each byte of any other control character and of invalid UTF-8 as "\x1b". A
/// terminal would take those for commands, and names from files and servers may hold them.
class TerminalSafeBuffer : public std::streambuf {
 public:
  /// `target` must outlive the object.
  explicit TerminalSafeBuffer(std::streambuf* target) : target_(target) {}

 protected:
  int_type overflow(int_type byte) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  /// Appends to `out` what `byte` completes.
  void Take(unsigned char byte, std::string* out);
  /// Appends to `out` the bytes of a character that did not become whole.
  void GiveUpCharacter(std::string* out);

  std::streambuf* const target_;
  std::string character_;  ///< the first bytes of a character of several
  size_t whole_ = 0;       ///< how many bytes it will have
};

/// The text as a TerminalSafeBuffer passes it on.
std::string TerminalSafe(absl::string_view text);

}  // namespace pdarts

#endif  // PDARTS_CORE_TERMINAL_TEXT_H_
