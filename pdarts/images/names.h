#ifndef PDARTS_IMAGES_NAMES_H_
#define PDARTS_IMAGES_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace pdarts::images {

/// A name in Unicode's composed form (NFC). Systems store an accented letter as one character, or
/// as a letter and an accent. Both forms are the same name. Text that is not valid UTF-8 is not
/// changed.
std::string ComposedName(absl::string_view name);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_NAMES_H_
