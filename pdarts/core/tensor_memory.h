#ifndef PDARTS_CORE_TENSOR_MEMORY_H_
#define PDARTS_CORE_TENSOR_MEMORY_H_

#include <cstdint>
#include <limits>
#include <memory>

#include "c10/util/ThreadLocalDebugInfo.h"

namespace pdarts {

/// Measures the memory that the tensors of this thread allocate and free while the object lives.
class TensorMemory {
 public:
  /// budget: in bytes. If tensors would need more, c10::OutOfMemoryError is thrown.
  explicit TensorMemory(int64_t budget = std::numeric_limits<int64_t>::max());
  ~TensorMemory();
  TensorMemory(const TensorMemory&) = delete;
  TensorMemory& operator=(const TensorMemory&) = delete;

  /// The bytes that tensors hold now, and the maximum since the beginning or ResetPeak().
  int64_t held() const;
  int64_t peak() const;
  void ResetPeak();

 private:
  class Counter;
  const std::shared_ptr<Counter> counter_;
  const c10::DebugInfoGuard guard_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_TENSOR_MEMORY_H_
