#include "pdarts/core/tensor_memory.h"

#include <algorithm>
#include <utility>

#include "c10/core/Allocator.h"
#include "c10/core/impl/alloc_cpu.h"
#include "c10/util/Exception.h"

namespace pdarts {

class TensorMemory::Counter : public c10::MemoryReportingInfoBase {
 public:
  explicit Counter(int64_t most) : budget(most) {}
  void reportMemoryUsage(void* pointer, int64_t size, size_t total_allocated, size_t total_reserved,
                         c10::Device device) override {
    held += size;
    peak = std::max(peak, held);
    if (size < 0 || held <= budget) return;
    const int64_t needed = std::exchange(held, held - size);
    // LibTorch's allocator reports the memory before anything owns it. The exception would leave it
    // allocated.
    if (device.is_cpu()) c10::free_cpu(pointer);
    TORCH_CHECK_WITH(OutOfMemoryError, false, "tensors would take ", needed, " bytes, and ", budget,
                     " are allowed");
  }
  bool memoryProfilingEnabled() const override { return true; }

  const int64_t budget;
  int64_t held = 0;
  int64_t peak = 0;
};

TensorMemory::TensorMemory(int64_t budget)
    : counter_(std::make_shared<Counter>(budget)),
      guard_(c10::DebugInfoKind::PROFILER_STATE, counter_) {}

TensorMemory::~TensorMemory() = default;

int64_t TensorMemory::held() const { return counter_->held; }
int64_t TensorMemory::peak() const { return counter_->peak; }
void TensorMemory::ResetPeak() { counter_->peak = counter_->held; }

}  // namespace pdarts
