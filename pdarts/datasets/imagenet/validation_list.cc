#include "pdarts/datasets/imagenet/validation_list.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/text.h"

namespace pdarts::imagenet {
namespace {

constexpr size_t kSynsetDigits = 8;

/// The name of a file without its ending, because some lists omit the ending.
std::string Stem(absl::string_view name) {
  return std::filesystem::path(std::string(name)).stem().string();
}

absl::Status WrongLine(size_t number, absl::string_view line, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("line ", number, ": \"", line, "\": ", expected));
}

}  // namespace

bool IsSynset(absl::string_view name) {
  return name.size() == 1 + kSynsetDigits && name[0] == 'n' &&
         std::all_of(name.begin() + 1, name.end(), absl::ascii_isdigit);
}

absl::StatusOr<std::map<std::string, int64_t>> ReadValidationList(
    absl::string_view text, const std::vector<std::string>& files,
    const std::vector<std::string>& synsets) {
  std::map<std::string, std::string> by_stem;
  for (const std::string& file : files) by_stem.emplace(Stem(file), file);
  std::map<std::string, int64_t> classes;
  size_t number = 0, bare = 0;
  for (absl::string_view line : absl::StrSplit(WithoutByteOrderMark(text), '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    const std::vector<absl::string_view> columns =
        absl::StrSplit(line, absl::ByAnyChar(" \t,"), absl::SkipEmpty());
    if (columns.empty()) return WrongLine(number, line, "expected a file and its class");
    if (number == 1 && absl::EqualsIgnoreCase(columns[0], "ImageId")) continue;
    const bool is_bare = columns.size() == 1;
    const absl::string_view value = columns[is_bare ? 0 : 1];
    int64_t label = 0;
    if (IsSynset(value)) {
      const auto found = std::lower_bound(synsets.begin(), synsets.end(), value);
      if (found == synsets.end() || *found != value) {
        return WrongLine(number, line, "no folder of training images has the name of this synset");
      }
      label = found - synsets.begin();
    } else if (is_bare) {
      return WrongLine(
          number, line,
          "expected a synset such as n01440764, or a file and its class. Numbers alone, "
          "as in ILSVRC2012_validation_ground_truth.txt, count the synsets in an order "
          "that the list does not contain");
    } else if (!absl::SimpleAtoi(value, &label) || label < 0 ||
               label >= static_cast<int64_t>(synsets.size())) {
      return WrongLine(number, line,
                       absl::StrCat("expected a synset, or a class in [0, ", synsets.size(), ")"));
    }
    if (is_bare) {
      if (bare >= files.size()) {
        return WrongLine(number, line,
                         absl::StrCat("there are ", files.size(), " validation images only"));
      }
      classes[files[bare++]] = label;
      continue;
    }
    const auto file = by_stem.find(Stem(columns[0]));
    if (file == by_stem.end()) {
      return WrongLine(number, line, "there is no such file among the validation images");
    }
    classes[file->second] = label;
  }
  if (bare > 0 && classes.size() != files.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", bare, " synsets, expected one for each of ", files.size(), " files"));
  }
  return classes;
}

std::map<std::string, std::string> ReadSynsetNames(absl::string_view text) {
  std::map<std::string, std::string> names;
  for (const absl::string_view line : absl::StrSplit(WithoutByteOrderMark(text), '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(absl::ByAnyChar(" \t"), 1));
    if (!IsSynset(parts.first)) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(parts.second, ',');
    const absl::string_view name = absl::StripAsciiWhitespace(words[0]);
    if (!name.empty()) names[std::string(parts.first)] = std::string(name);
  }
  return names;
}

}  // namespace pdarts::imagenet
