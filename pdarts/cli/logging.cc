#include "pdarts/cli/logging.h"

#include "glog/logging.h"

namespace pdarts {

void StartLogging(const char* program) {
  if (FLAGS_log_dir.empty()) {
    FLAGS_logtostderr = true;
  } else {
    FLAGS_alsologtostderr = true;
  }
  google::InitGoogleLogging(program);
}

}  // namespace pdarts
