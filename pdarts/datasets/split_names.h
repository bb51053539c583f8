#ifndef PDARTS_DATASETS_SPLIT_NAMES_H_
#define PDARTS_DATASETS_SPLIT_NAMES_H_

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The splits that folders and shards of images are named after.
enum class NamedSplit { kNone, kTrain, kTest, kValidation };

/// Which split has this name: "train" or "training", "test" or "testing", "val", "valid" or
/// "validation". Upper case is the same.
inline NamedSplit FindSplit(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (lower == "train" || lower == "training") return NamedSplit::kTrain;
  if (lower == "test" || lower == "testing") return NamedSplit::kTest;
  if (lower == "val" || lower == "valid" || lower == "validation") return NamedSplit::kValidation;
  return NamedSplit::kNone;
}

}  // namespace pdarts

#endif  // PDARTS_DATASETS_SPLIT_NAMES_H_
