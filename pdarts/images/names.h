#ifndef PDARTS_IMAGES_NAMES_H_
#define PDARTS_IMAGES_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace pdarts::images {

/// A name in Unicode's composed form (NFC). Systems store an accented letter as one character or as
/// a letter and an accent, and both are the same name. What is no valid UTF-8 stays as it is.
std::string ComposedName(absl::string_view name);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_NAMES_H_
