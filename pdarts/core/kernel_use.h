#ifndef PDARTS_CORE_KERNEL_USE_H_
#define PDARTS_CORE_KERNEL_USE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "c10/core/Device.h"
#include "pdarts/core/backend.h"

namespace pdarts {

// The kernels that really computed a run, for its result. A backend only states which kernels
// should compute.

/// A place in the code that computes cells or operations with a family of kernels. Objects are
/// static.
class KernelUse {
 public:
  /// family: "reference", "grouped"; it must live as long as the program.
  constexpr explicit KernelUse(const char* family) : family_(family) {}

  /// Records that the kernels compute on a device of this type. After the first call, a call costs
  /// one read of a number. Any thread may call it.
  void Note(c10::DeviceType device) {
    const uint32_t bit = uint32_t{1} << static_cast<uint32_t>(device);
    if ((noted_.load(std::memory_order_relaxed) & bit) == 0) Add(device, bit);
  }

  /// While an object lives, calls of Note by its thread record nothing. For passes that are not
  /// part of a run's results, such as the pass that counts a network's multiply-adds. Objects may
  /// be nested.
  class Pause {
   public:
    Pause();
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
  };

 private:
  void Add(c10::DeviceType device, uint32_t bit);

  const char* const family_;
  std::atomic<uint32_t> noted_ = 0;  ///< a bit for each type of device
};

/// Records that the fused loops of an instruction set compute.
void NoteFusedKernels(InstructionSet instructions);

/// The recorded kernels since the program began, in alphabetical order: "fused/avx512",
/// "reference", "reference/cuda". The names are those of BackendName without the precision.
std::vector<std::string> UsedKernels();

}  // namespace pdarts

#endif  // PDARTS_CORE_KERNEL_USE_H_
