#include "pdarts/cli/session_flags.h"

#include <iostream>

#include "absl/flags/flag.h"
#include "pdarts/cli/flags.h"

namespace pdarts {

SessionOptions SessionOptionsFromFlags() {
  SessionOptions options;
  options.output_dir = absl::GetFlag(FLAGS_output_dir);
  options.data_dir = DataDirFromFlags();
  options.typed_data_dir = absl::GetFlag(FLAGS_data_dir);
  options.threads = absl::GetFlag(FLAGS_threads);
  options.dry_run = absl::GetFlag(FLAGS_dry_run);
  options.overwrite = absl::GetFlag(FLAGS_overwrite);
  options.resume = absl::GetFlag(FLAGS_resume);
  options.allow_swap = absl::GetFlag(FLAGS_allow_swap);
  options.checkpoint_minutes = absl::GetFlag(FLAGS_checkpoint_minutes);
  options.json = absl::GetFlag(FLAGS_json);
  options.results = &std::cout;
  options.notes = &std::cerr;
  options.show_progress = true;
  options.resume_command = &ResumeCommand;
  return options;
}

void Tell(const std::vector<std::string>& notes) { Tell(notes, &std::cerr); }

bool PrintedAsJson(const google::protobuf::Message& result) {
  return PrintedAsJson(result, SessionOptionsFromFlags());
}

absl::StatusOr<int> SetThreadsFromFlags() {
  return SetCheckedThreads(absl::GetFlag(FLAGS_threads));
}

MemoryPolicy MemoryPolicyFromFlags() { return MemoryPolicyOf(SessionOptionsFromFlags()); }

}  // namespace pdarts
