#include "pdarts/sessions/device.h"

#include <sched.h>

#include <algorithm>
#include <thread>

#include "ATen/Context.h"
#include "ATen/Parallel.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "torch/csrc/api/include/torch/version.h"
#ifdef PDARTS_WITH_CUDA
#include "ATen/cuda/CUDAContextLight.h"
#endif

namespace pdarts {

absl::StatusOr<c10::Device> ResolveDevice(const std::string& text, int number) {
  if (text == "cpu") return c10::Device(c10::kCPU);
  if (text == "auto") {
    const bool has_cuda = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
    return has_cuda ? ResolveDevice("cuda", number) : c10::Device(c10::kCPU);
  }
  absl::string_view rest = text;
  int index = number;
  const bool cuda = absl::ConsumePrefix(&rest, "cuda") &&
                    (rest.empty() || (absl::ConsumePrefix(&rest, ":") &&
                                      absl::SimpleAtoi(rest, &index) && index >= 0));
  if (!cuda) {
    return absl::InvalidArgumentError(
        absl::StrCat("device: \"", text, "\" is not auto, cpu, cuda or cuda:N"));
  }
#ifndef PDARTS_WITH_CUDA
  return absl::FailedPreconditionError(absl::StrCat(
      "device: ", text, " is requested, but this program was built without CUDA; build ",
      "it with --config=cuda"));
#else
  const int count = at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  if (index >= count) {
    return absl::FailedPreconditionError(
        absl::StrCat("device: ", text, " is requested",
                     number > 0 && rest.empty()
                         ? absl::StrCat(" by process ", number + 1, " of a run on this machine")
                         : "",
                     ", but the machine has ", count, " CUDA devices"));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
#endif
}

std::string DeviceName(c10::Device device) {
#ifdef PDARTS_WITH_CUDA
  if (device.is_cuda()) return at::cuda::getDeviceProperties(device.index())->name;
#endif
  return "";
}

int SetThreads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
  return at::get_num_threads();
}

int NumProcessors() {
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof(processors), &processors) == 0) return CPU_COUNT(&processors);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string ProcessorSet() {
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof(processors), &processors) != 0) return "";
  return absl::BytesToHexString({reinterpret_cast<const char*>(&processors), sizeof(processors)});
}

std::string LibTorchVersion() { return TORCH_VERSION; }

}  // namespace pdarts
