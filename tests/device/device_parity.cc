// Compares what a device computes with the fixtures of tests/parity and with the CPU: operations,
// search steps and networks. Prints one line of JSON for each check, and exits with 1 if a check
// fails. The kit for a GPU (tools/gpu) runs it. A device of "cpu" is compared with itself, which
// checks the program.
//
//   bazel run //tests/device:device_parity -- --device=cuda

#include <iostream>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "glog/logging.h"
#include "pdarts/sessions/device.h"
#include "tests/device/parity_checks.h"

ABSL_FLAG(std::string, device, "cpu", "cpu, cuda or cuda:N");
ABSL_FLAG(std::string, only, "", "run the checks whose names contain this text");
ABSL_FLAG(int, threads, 0, "threads of the CPU; 0: LibTorch's choice");

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  absl::SetProgramUsageMessage("Compares what a device computes with the CPU and with fixtures.");
  absl::ParseCommandLine(argc, argv);
  const absl::StatusOr<c10::Device> device = pdarts::ResolveDevice(absl::GetFlag(FLAGS_device));
  if (!device.ok()) {
    std::cerr << device.status().message() << "\n";
    return 2;
  }
  pdarts::SetThreads(absl::GetFlag(FLAGS_threads));
  int run = 0, failed = 0;
  for (const pdarts::parity::ParityCheck& check : pdarts::parity::ParityChecks(*device)) {
    if (!absl::StrContains(check.name, absl::GetFlag(FLAGS_only))) continue;
    const pdarts::parity::CheckResult result = pdarts::parity::RunCheck(check);
    std::cout << pdarts::parity::JsonLine(result) << std::endl;  // kept, if the next check crashes
    ++run;
    failed += result.passed() ? 0 : 1;
  }
  if (run == 0) {
    std::cerr << "--only=" << absl::GetFlag(FLAGS_only) << ": no check has such a name\n";
    return 2;
  }
  return failed == 0 ? 0 : 1;
}
