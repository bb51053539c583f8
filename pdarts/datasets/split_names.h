#ifndef PDARTS_DATASETS_SPLIT_NAMES_H_
#define PDARTS_DATASETS_SPLIT_NAMES_H_

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The splits that appear in the names of folders and shards of images.
enum class NamedSplit { kNone, kTrain, kTest, kValidation };

/// The split with this name: "train" or "training", "test" or "testing", "val", "valid" or
/// "validation". Upper and lower case are the same.
inline NamedSplit FindSplit(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (lower == "train" || lower == "training") return NamedSplit::kTrain;
  if (lower == "test" || lower == "testing") return NamedSplit::kTest;
  if (lower == "val" || lower == "valid" || lower == "validation") return NamedSplit::kValidation;
  return NamedSplit::kNone;
}

}  // namespace pdarts

#endif  // PDARTS_DATASETS_SPLIT_NAMES_H_
