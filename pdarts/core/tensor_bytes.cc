#include "pdarts/core/tensor_bytes.h"

#include <algorithm>

namespace pdarts {

std::optional<int64_t> TensorBytes(c10::IntArrayRef shape, int64_t element_bytes) {
  int64_t bytes = element_bytes;
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) {
      return std::nullopt;
    }
    empty |= size == 0;
  }
  return empty ? 0 : bytes;
}

}  // namespace pdarts
