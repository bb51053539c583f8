#ifndef PDARTS_EXPORT_UNUSED_NAME_H_
#define PDARTS_EXPORT_UNUSED_NAME_H_

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// `plain`, or `plain`, `separator` and the smallest number from 2 on that gives a name which is
/// not in `used`. The function adds the name to `used`.
inline std::string UnusedName(const std::string& plain, absl::string_view separator,
                              std::set<std::string>* used) {
  std::string name = plain;
  for (int i = 2; !used->insert(name).second; ++i) name = absl::StrCat(plain, separator, i);
  return name;
}

}  // namespace pdarts

#endif  // PDARTS_EXPORT_UNUSED_NAME_H_
