#include "pdarts/images/names.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace pdarts::images {

std::string ComposedName(absl::string_view name) {
  std::string text(name);
  // For the library, a zero byte would end the text. The name of a file never contains one.
  if (text.find('\0') != std::string::npos) return text;
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> composed(
      utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str())), &std::free);
  if (composed != nullptr) text = reinterpret_cast<const char*>(composed.get());
  return text;
}

}  // namespace pdarts::images
