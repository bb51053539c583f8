#include "pdarts/core/backend.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

constexpr char kVariable[] = "PDARTS_KERNEL_VARIANT";

bool CanRun(InstructionSet instructions) {
  switch (instructions) {
    case InstructionSet::kPortable:
      return true;
#if defined(__x86_64__)
    case InstructionSet::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::kAvx512:
      return CanRun(InstructionSet::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw");
    case InstructionSet::kAvx512Bf16:
      return CanRun(InstructionSet::kAvx512) && __builtin_cpu_supports("avx512bf16");
#else
    case InstructionSet::kAvx2:
    case InstructionSet::kAvx512:
    case InstructionSet::kAvx512Bf16:
      return false;
#endif
  }
  return false;
}

absl::StatusOr<InstructionSet> ChooseInstructionSet(c10::ScalarType storage) {
  const char* const wanted = std::getenv(kVariable);
  if (wanted == nullptr) return BestInstructionSet(storage);
  std::vector<std::string> names;
  for (const InstructionSet instructions : RunnableInstructionSets()) {
    names.push_back(InstructionSetName(instructions));
    if (names.back() == wanted) return instructions;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the environment variable ", kVariable, ": \"", wanted,
                   "\" is not an instruction set that this processor can run; it can run ",
                   absl::StrJoin(names, ", ")));
}

c10::ScalarType StorageOf(Precision precision) {
  switch (precision) {
    case FLOAT32:
      return c10::kFloat;
    case FLOAT64:
      return c10::kDouble;
    case BFLOAT16:
      return c10::kBFloat16;
    case FLOAT16:
      return c10::kHalf;
  }
  LOG(FATAL) << "no precision " << static_cast<int>(precision);
}

}  // namespace

const char* InstructionSetName(InstructionSet instructions) {
  switch (instructions) {
    case InstructionSet::kPortable:
      return "portable";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
    case InstructionSet::kAvx512Bf16:
      return "avx512_bf16";
  }
  LOG(FATAL) << "no instruction set " << static_cast<int>(instructions);
}

std::vector<InstructionSet> RunnableInstructionSets() {
  std::vector<InstructionSet> runnable;
  for (const InstructionSet instructions : {InstructionSet::kPortable, InstructionSet::kAvx2,
                                            InstructionSet::kAvx512, InstructionSet::kAvx512Bf16}) {
    if (CanRun(instructions)) runnable.push_back(instructions);
  }
  return runnable;
}

InstructionSet BestInstructionSet(c10::ScalarType storage) {
  if (storage == c10::kBFloat16 && CanRun(InstructionSet::kAvx512Bf16)) {
    return InstructionSet::kAvx512Bf16;
  }
  if (CanRun(InstructionSet::kAvx512)) return InstructionSet::kAvx512;
  if (CanRun(InstructionSet::kAvx2)) return InstructionSet::kAvx2;
  return InstructionSet::kPortable;
}

const char* KernelsName(Kernels kernels) {
  if (kernels == GROUPED) return "grouped";
  return kernels == FUSED ? "fused" : "reference";
}

absl::StatusOr<Backend> ResolveBackend(Kernels kernels, Precision precision, c10::Device device) {
  Backend backend;
  backend.device = device;
  backend.kernels = kernels == FUSED && !device.is_cpu() ? GROUPED : kernels;
  backend.parameters = precision == FLOAT64 ? c10::kDouble : c10::kFloat;
  backend.storage = StorageOf(precision);
  if (backend.storage == c10::kHalf && backend.kernels == FUSED) backend.kernels = REFERENCE;
  PDARTS_ASSIGN_OR_RETURN(backend.instructions, ChooseInstructionSet(backend.storage));
  return backend;
}

absl::Status CheckPrecision(const Backend& backend, absl::string_view field) {
  if (backend.storage != c10::kHalf || !backend.device.is_cpu()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": FLOAT16 is for CUDA devices, and the device is ", backend.device.str(),
                   "; expected FLOAT32, FLOAT64 or BFLOAT16, or another device (--device=cuda)"));
}

std::string BackendName(const Backend& backend) {
  std::string name = KernelsName(backend.kernels);
  if (backend.kernels == FUSED) {
    absl::StrAppend(&name, "/", InstructionSetName(backend.instructions));
  } else if (!backend.device.is_cpu()) {
    absl::StrAppend(&name, "/", c10::DeviceTypeName(backend.device.type(), /*lower_case=*/true));
  }
  if (backend.storage == c10::kBFloat16) absl::StrAppend(&name, ", bfloat16");
  if (backend.storage == c10::kHalf) absl::StrAppend(&name, ", float16");
  return name;
}

}  // namespace pdarts
