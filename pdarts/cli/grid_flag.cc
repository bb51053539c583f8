#include "pdarts/cli/grid_flag.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/text.h"

ABSL_FLAG(pdarts::StringList<pdarts::GridFlagTag>, grid, {},
          "FIELD=V1,V2: give a field of the spec each of these values, as in "
          "search.batch_size=32,64; may be given several times, and every combination is a run "
          "of its own");

namespace pdarts {
namespace {

absl::Status Refuse(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--grid: ", text, ": ", why));
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

}  // namespace pdarts
