#include "pdarts/cli/child_run_flags.h"

#include "absl/flags/flag.h"
#include "pdarts/cli/flags.h"

namespace pdarts {

ChildRunOptions ChildRunOptionsFromFlags() {
  ChildRunOptions options;
  options.program_name = ProgramName();
  options.threads = absl::GetFlag(FLAGS_threads);
  options.checkpoint_minutes = absl::GetFlag(FLAGS_checkpoint_minutes);
  options.data_dir = DataDirFromFlags();
  options.allow_swap = absl::GetFlag(FLAGS_allow_swap);
  options.overwrite = absl::GetFlag(FLAGS_overwrite);
  return options;
}

}  // namespace pdarts
