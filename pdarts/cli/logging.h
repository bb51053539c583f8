#ifndef PDARTS_CLI_LOGGING_H_
#define PDARTS_CLI_LOGGING_H_

namespace pdarts {

/// Starts glog, which writes to standard error, and with --log_dir to files as well.
void StartLogging(const char* program);

}  // namespace pdarts

#endif  // PDARTS_CLI_LOGGING_H_
