#ifndef PDARTS_SESSIONS_STATUS_LINE_H_
#define PDARTS_SESSIONS_STATUS_LINE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"

namespace pdarts {

/// The last line of standard error. On a terminal, it is drawn again and again. It is removed at
/// the end.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Shows the text of `line`, cut at the width of the terminal, at most ten times a second.
  /// Without a terminal, the function shows nothing.
  void Show(absl::FunctionRef<std::string()> line);

  /// Shows the progress of a work: `done` of `all` parts. `all` is more than 0. Without a terminal,
  /// the function writes one line for each tenth.
  void ShowPart(int64_t done, int64_t all, absl::FunctionRef<std::string()> line);

  /// Removes the status line before another line is printed.
  void Clear();

 private:
  const bool terminal_;
  bool drawn_ = false;
  int64_t tenth_ = 0;  ///< the last tenth that ShowPart showed
  std::chrono::steady_clock::time_point last_draw_;
};

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_STATUS_LINE_H_
