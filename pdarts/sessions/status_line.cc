#include "pdarts/sessions/status_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace pdarts {
namespace {

size_t TerminalWidth() {
  winsize size;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

StatusLine::StatusLine() : terminal_(isatty(STDERR_FILENO) != 0) {}

void StatusLine::Show(absl::FunctionRef<std::string()> line) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_draw_ < std::chrono::milliseconds(100)) return;
  last_draw_ = now;
  drawn_ = true;
  std::fprintf(stderr, "\r\033[K%s", line().substr(0, TerminalWidth() - 1).c_str());
  std::fflush(stderr);
}

void StatusLine::ShowPart(int64_t done, int64_t all, absl::FunctionRef<std::string()> line) {
  if (terminal_) {
    Show(line);
  } else if (const int64_t tenth = 10 * done / all; tenth != tenth_) {
    tenth_ = tenth;
    std::fprintf(stderr, "%s\n", line().c_str());
  }
}

void StatusLine::Clear() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace pdarts
