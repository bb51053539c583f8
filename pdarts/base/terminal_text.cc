#include "pdarts/base/terminal_text.h"

#include <cstdint>
#include <sstream>

#include "absl/strings/str_format.h"

namespace pdarts {
namespace {

void AppendEscaped(absl::string_view bytes, std::string* out) {
  for (const unsigned char byte : bytes) absl::StrAppendFormat(out, "\\x%02x", byte);
}

/// Whether the bytes (2 to 4 bytes that have the form of UTF-8) are not a control character, and
/// not longer than the character needs. A terminal may decode the longer forms too.
bool IsPrintable(absl::string_view character) {
  constexpr uint32_t kSmallest[] = {0, 0, 0xa0, 0x800, 0x10000};  // below 0xa0: controls
  uint32_t code = static_cast<unsigned char>(character[0]) & (0x7fU >> character.size());
  for (const unsigned char byte : character.substr(1)) code = code << 6 | (byte & 0x3fU);
  return code >= kSmallest[character.size()] && code <= 0x10ffff &&
         (code < 0xd800 || code > 0xdfff);
}

}  // namespace

void TerminalSafeBuffer::GiveUpCharacter(std::string* out) {
  AppendEscaped(character_, out);
  character_.clear();
}

void TerminalSafeBuffer::Take(unsigned char byte, std::string* out) {
  if (!character_.empty()) {
    if ((byte & 0xc0) == 0x80) {
      character_.push_back(static_cast<char>(byte));
      if (character_.size() < whole_) return;
      if (!IsPrintable(character_)) return GiveUpCharacter(out);
      out->append(character_);
      character_.clear();
      return;
    }
    GiveUpCharacter(out);
  }
  if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte < 0x7f)) {
    out->push_back(static_cast<char>(byte));
  } else if (byte >= 0xc0 && byte < 0xf8) {
    character_.push_back(static_cast<char>(byte));
    whole_ = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  } else {
    const char control = static_cast<char>(byte);
    AppendEscaped(absl::string_view(&control, 1), out);
  }
}

TerminalSafeBuffer::int_type TerminalSafeBuffer::overflow(int_type byte) {
  if (traits_type::eq_int_type(byte, traits_type::eof())) return traits_type::not_eof(byte);
  const char character = traits_type::to_char_type(byte);
  return xsputn(&character, 1) == 1 ? byte : traits_type::eof();
}

std::streamsize TerminalSafeBuffer::xsputn(const char* text, std::streamsize size) {
  std::string safe;
  for (std::streamsize i = 0; i < size; ++i) Take(static_cast<unsigned char>(text[i]), &safe);
  const auto length = static_cast<std::streamsize>(safe.size());
  return target_->sputn(safe.data(), length) == length ? size : 0;
}

int TerminalSafeBuffer::sync() {
  std::string rest;
  GiveUpCharacter(&rest);
  const auto length = static_cast<std::streamsize>(rest.size());
  if (target_->sputn(rest.data(), length) != length) return -1;
  return target_->pubsync();
}

std::string TerminalSafe(absl::string_view text) {
  std::stringbuf safe;
  TerminalSafeBuffer buffer(&safe);
  buffer.sputn(text.data(), static_cast<std::streamsize>(text.size()));
  buffer.pubsync();
  return safe.str();
}

}  // namespace pdarts
