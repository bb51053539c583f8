#include "pdarts/core/kernel_use.h"

#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

struct Noted {
  std::mutex mutex;
  std::set<std::string> names;
};

/// The number of Pause objects of this thread.
thread_local int pauses = 0;

Noted& AllNoted() {
  static auto* const noted = new Noted;
  return *noted;
}

}  // namespace

KernelUse::Pause::Pause() { ++pauses; }

KernelUse::Pause::~Pause() { --pauses; }

void KernelUse::Add(c10::DeviceType device, uint32_t bit) {
  if (pauses > 0) return;
  std::string name = family_;
  if (device != c10::DeviceType::CPU) {
    absl::StrAppend(&name, "/", c10::DeviceTypeName(device, /*lower_case=*/true));
  }
  {
    Noted& noted = AllNoted();
    const std::lock_guard<std::mutex> lock(noted.mutex);
    noted.names.insert(std::move(name));
  }
  noted_.fetch_or(bit, std::memory_order_relaxed);
}

void NoteFusedKernels(InstructionSet instructions) {
  static KernelUse portable("fused/portable"), avx2("fused/avx2"), avx512("fused/avx512"),
      avx512_bf16("fused/avx512_bf16");
  switch (instructions) {
    case InstructionSet::kPortable:
      return portable.Note(c10::DeviceType::CPU);
    case InstructionSet::kAvx2:
      return avx2.Note(c10::DeviceType::CPU);
    case InstructionSet::kAvx512:
      return avx512.Note(c10::DeviceType::CPU);
    case InstructionSet::kAvx512Bf16:
      return avx512_bf16.Note(c10::DeviceType::CPU);
  }
}

std::vector<std::string> UsedKernels() {
  Noted& noted = AllNoted();
  const std::lock_guard<std::mutex> lock(noted.mutex);
  return {noted.names.begin(), noted.names.end()};
}

}  // namespace pdarts
