#ifndef PDARTS_CLI_CHILD_RUN_FLAGS_H_
#define PDARTS_CLI_CHILD_RUN_FLAGS_H_

#include "pdarts/sweeps/run_queue.h"

namespace pdarts {

/// The values of --threads, --data_dir (or the environment variable), --checkpoint_minutes,
/// --allow_swap and --overwrite, and the name of this program, for the runs that a command starts.
ChildRunOptions ChildRunOptionsFromFlags();

}  // namespace pdarts

#endif  // PDARTS_CLI_CHILD_RUN_FLAGS_H_
