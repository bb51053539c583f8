#include "pdarts/sweeps/sweep_grid.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/sha256.h"

namespace pdarts {
namespace {

constexpr size_t kLongestPart = 40;  ///< in the name of a directory
constexpr size_t kChecksumDigits = 8;

/// Converts a text to a part of a file name.
std::string NamePart(const std::string& text) {
  std::string part;
  for (const char c : text) {
    const bool plain =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("._+-", c);
    part += plain ? c : '_';
  }
  if (part == text && part.size() <= kLongestPart) return part;
  return absl::StrCat(part.substr(0, kLongestPart - kChecksumDigits - 1), "-",
                      Sha256Of(text).Hex().substr(0, kChecksumDigits));
}

/// The last part of a path, without brackets: "initial_rates2" of
/// "regularizers[0].initial_rates[2]".
std::string LastPart(const std::string& path) {
  std::string last;
  for (const char c : path.substr(path.rfind('.') + 1)) {
    if (c != '[' && c != ']') last += c;
  }
  return last;
}

}  // namespace

std::vector<Combination> CombinationsOf(const std::vector<GridField>& grid) {
  std::vector<Combination> combinations(1);
  for (const GridField& field : grid) {
    std::vector<Combination> longer;
    for (const Combination& combination : combinations) {
      for (const std::string& value : field.values) {
        longer.push_back(combination);
        longer.back().push_back(absl::StrCat(field.path, "=", value));
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

std::string DirectorySuffix(const std::vector<GridField>& grid, const Combination& combination) {
  std::string suffix;
  for (size_t i = 0; i < grid.size(); ++i) {
    const std::string& path = grid[i].path;
    const auto same = std::count_if(grid.begin(), grid.end(), [&](const GridField& other) {
      return LastPart(other.path) == LastPart(path);
    });
    absl::StrAppend(&suffix, "-", NamePart(same > 1 ? path : LastPart(path)), "=",
                    NamePart(combination[i].substr(path.size() + 1)));
  }
  return suffix;
}

}  // namespace pdarts
