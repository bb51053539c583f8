#ifndef PDARTS_CLI_STATUS_LINE_H_
#define PDARTS_CLI_STATUS_LINE_H_

#include <chrono>
#include <string>

#include "absl/functional/function_ref.h"

namespace pdarts {

/// The last line of standard error, drawn over again and again where that is a terminal; nothing
/// elsewhere. It is wiped away at the end.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  bool terminal() const { return terminal_; }

  /// Shows what `line` makes, cut at the terminal's width; at most ten times a second.
  void Show(absl::FunctionRef<std::string()> line);

  /// Makes room for a line that stays.
  void Clear();

 private:
  const bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_draw_;
};

}  // namespace pdarts

#endif  // PDARTS_CLI_STATUS_LINE_H_
