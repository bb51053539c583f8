#ifndef PDARTS_CLI_STATUS_LINE_H_
#define PDARTS_CLI_STATUS_LINE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"

namespace pdarts {

/// The last line of standard error, drawn over again and again where that is a terminal. It is
/// wiped away at the end.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Shows what `line` makes, cut at the terminal's width; at most ten times a second. Where there
  /// is no terminal, it shows nothing.
  void Show(absl::FunctionRef<std::string()> line);

  /// Shows how far something is: `done` of `all`, which is more than 0. Where there is no terminal,
  /// it writes a line for each tenth.
  void ShowPart(int64_t done, int64_t all, absl::FunctionRef<std::string()> line);

  /// Makes room for a line that stays.
  void Clear();

 private:
  const bool terminal_;
  bool drawn_ = false;
  int64_t tenth_ = 0;  ///< the last one of ShowPart
  std::chrono::steady_clock::time_point last_draw_;
};

}  // namespace pdarts

#endif  // PDARTS_CLI_STATUS_LINE_H_
