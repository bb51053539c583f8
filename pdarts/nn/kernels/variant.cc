#include "pdarts/nn/kernels/variant.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "glog/logging.h"

namespace pdarts::nn {
namespace {

constexpr char kEnvironmentVariable[] = "PDARTS_KERNEL_VARIANT";

bool CanRun(KernelVariant variant) {
  switch (variant) {
    case KernelVariant::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case KernelVariant::kAvx512:
      return CanRun(KernelVariant::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw");
    case KernelVariant::kPortable:
    case KernelVariant::kComposition:
      return true;
  }
  return false;
}

KernelVariant Default() {
  if (const char* name = std::getenv(kEnvironmentVariable)) {
    std::string names;
    for (const KernelVariant variant : RunnableKernelVariants()) {
      if (std::strcmp(name, KernelVariantName(variant)) == 0) return variant;
      names += std::string(" ") + KernelVariantName(variant);
    }
    LOG(FATAL) << kEnvironmentVariable << "=" << name << ": this processor can run:" << names;
  }
  if (CanRun(KernelVariant::kAvx512)) return KernelVariant::kAvx512;
  if (CanRun(KernelVariant::kAvx2)) return KernelVariant::kAvx2;
  return KernelVariant::kPortable;
}

std::atomic<KernelVariant>& Current() {
  static std::atomic<KernelVariant> current(Default());
  return current;
}

}  // namespace

const char* KernelVariantName(KernelVariant variant) {
  switch (variant) {
    case KernelVariant::kPortable:
      return "portable";
    case KernelVariant::kAvx2:
      return "avx2";
    case KernelVariant::kAvx512:
      return "avx512";
    case KernelVariant::kComposition:
      return "composition";
  }
  LOG(FATAL) << "no variant " << static_cast<int>(variant);
}

std::vector<KernelVariant> RunnableKernelVariants() {
  std::vector<KernelVariant> variants;
  for (const KernelVariant variant : {KernelVariant::kPortable, KernelVariant::kAvx2,
                                      KernelVariant::kAvx512, KernelVariant::kComposition}) {
    if (CanRun(variant)) variants.push_back(variant);
  }
  return variants;
}

KernelVariant CurrentKernelVariant() { return Current(); }

void SetKernelVariant(KernelVariant variant) {
  CHECK(CanRun(variant)) << "this processor can't run " << KernelVariantName(variant);
  Current() = variant;
}

template <>
const KernelTable<float>& Loops() {
  switch (CurrentKernelVariant()) {
    case KernelVariant::kPortable:
      return portable::kFloatTable;
    case KernelVariant::kAvx2:
      return avx2::kFloatTable;
    case KernelVariant::kAvx512:
      return avx512::kFloatTable;
    case KernelVariant::kComposition:
      break;
  }
  LOG(FATAL) << "the composition has no loops";
}

template <>
const KernelTable<double>& Loops() {
  switch (CurrentKernelVariant()) {
    case KernelVariant::kPortable:
      return portable::kDoubleTable;
    case KernelVariant::kAvx2:
      return avx2::kDoubleTable;
    case KernelVariant::kAvx512:
      return avx512::kDoubleTable;
    case KernelVariant::kComposition:
      break;
  }
  LOG(FATAL) << "the composition has no loops";
}

}  // namespace pdarts::nn
