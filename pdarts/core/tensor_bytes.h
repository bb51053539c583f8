#ifndef PDARTS_CORE_TENSOR_BYTES_H_
#define PDARTS_CORE_TENSOR_BYTES_H_

#include <cstdint>
#include <optional>

#include "c10/util/ArrayRef.h"

namespace pdarts {

/// The number of bytes of the elements of a contiguous tensor of `shape`, with `element_bytes` for
/// each element. No value if LibTorch cannot make such a tensor: a size is negative, or the product
/// of all sizes other than 0 exceeds int64. LibTorch computes strides from that product even if the
/// tensor is empty.
std::optional<int64_t> TensorBytes(c10::IntArrayRef shape, int64_t element_bytes);

}  // namespace pdarts

#endif  // PDARTS_CORE_TENSOR_BYTES_H_
