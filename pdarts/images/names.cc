#include "pdarts/images/names.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace pdarts::images {

std::string ComposedName(absl::string_view name) {
  std::string text(name);
  // A null byte would end the text for the library; no file's name holds one.
  if (text.find('\0') != std::string::npos) return text;
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> composed(
      utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str())), &std::free);
  if (composed != nullptr) text = reinterpret_cast<const char*>(composed.get());
  return text;
}

}  // namespace pdarts::images
