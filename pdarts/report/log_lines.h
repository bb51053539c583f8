#ifndef PDARTS_REPORT_LOG_LINES_H_
#define PDARTS_REPORT_LOG_LINES_H_

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pdarts/base/file.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/runs/run_names.h"

namespace pdarts {

/// Calls `take` with every complete line of the log of a run, as a message of the type `Event`. A
/// last line that is still being written is ignored. A run that has just begun has no log.
/// \error kDataLoss naming a line that cannot be parsed; as ReadFile; errors of `take`, with the
/// place of the line before the message.
template <class Event, class Take>
absl::Status ForEachLogLine(const std::string& run, const Take& take) {
  const std::string file = (std::filesystem::path(run) / kLogFile).string();
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  PDARTS_RETURN_IF_ERROR(text.status());
  const std::vector<absl::string_view> lines = absl::StrSplit(*text, '\n');
  // The text after the last line end is empty, or a line that is not complete yet.
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    const std::string where = absl::StrCat(file, ":", i + 1);
    Event event;
    PDARTS_RETURN_IF_ERROR(Annotate(ParseJson(std::string(lines[i]), &event), where));
    PDARTS_RETURN_IF_ERROR(Annotate(take(event), where));
  }
  return absl::OkStatus();
}

}  // namespace pdarts

#endif  // PDARTS_REPORT_LOG_LINES_H_
