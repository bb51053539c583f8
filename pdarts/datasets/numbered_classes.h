#ifndef PDARTS_DATASETS_NUMBERED_CLASSES_H_
#define PDARTS_DATASETS_NUMBERED_CLASSES_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace pdarts {

/// The names of `classes` classes without names of their own, as "class_0". The number of the first
/// class is `first`.
inline std::vector<std::string> NumberedClasses(int classes, int first = 0) {
  std::vector<std::string> names;
  for (int c = first; c < first + classes; ++c) names.push_back(absl::StrCat("class_", c));
  return names;
}

}  // namespace pdarts

#endif  // PDARTS_DATASETS_NUMBERED_CLASSES_H_
