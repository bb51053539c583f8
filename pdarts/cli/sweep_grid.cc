#include "pdarts/cli/sweep_grid.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/text.h"

ABSL_FLAG(pdarts::StringList<pdarts::GridFlagTag>, grid, {},
          "FIELD=V1,V2: give a field of the spec each of these values, as in "
          "search.batch_size=32,64; may be given several times, and every combination is a run "
          "of its own");

namespace pdarts {
namespace {

constexpr size_t kLongestPart = 40;  ///< in the name of a directory
constexpr size_t kChecksumDigits = 8;

absl::Status Refuse(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--grid: ", text, ": ", why));
}

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

absl::StatusOr<std::vector<GridField>> ParseGrid(const std::vector<std::string>& texts) {
  std::vector<GridField> grid;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Refuse(text, "expected FIELD=V1,V2, as in search.batch_size=32,64");
    }
    GridField field = {text.substr(0, equals), SplitAtCommas(text.substr(equals + 1))};
    if (field.path == "seed") return Refuse(text, "the seeds are those of --seeds");
    if (field.path == "name" || field.path == "grid") {
      return Refuse(text, absl::StrCat("a sweep cannot vary the field ", field.path));
    }
    for (size_t i = 0; i < field.values.size(); ++i) {
      const std::string& value = field.values[i];
      if (value.empty()) return Refuse(text, "a value is empty");
      if (std::find(field.values.begin(), field.values.begin() + static_cast<int64_t>(i), value) !=
          field.values.begin() + static_cast<int64_t>(i)) {
        return Refuse(text, absl::StrCat("the value ", value, " occurs twice"));
      }
    }
    if (std::any_of(grid.begin(), grid.end(),
                    [&](const GridField& other) { return other.path == field.path; })) {
      return Refuse(text, absl::StrCat("the field ", field.path, " is given twice"));
    }
    grid.push_back(std::move(field));
  }
  return grid;
}

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
