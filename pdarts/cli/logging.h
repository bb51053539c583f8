#ifndef PDARTS_CLI_LOGGING_H_
#define PDARTS_CLI_LOGGING_H_

namespace pdarts {

/// Starts glog: to standard error, and to files too with --log_dir.
void StartLogging(const char* program);

}  // namespace pdarts

#endif  // PDARTS_CLI_LOGGING_H_
