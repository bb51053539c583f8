#ifndef PDARTS_WEIGHTS_ELEMENT_TYPES_H_
#define PDARTS_WEIGHTS_ELEMENT_TYPES_H_

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// An element type that files of weights may have, and the names of the type in these files.
struct ElementType {
  at::ScalarType type;
  absl::string_view safetensors;    ///< "F32"
  absl::string_view torch_storage;  ///< the class of Python's module `torch`: "FloatStorage"
};

bool IsElementType(at::ScalarType type);

/// \error kInvalidArgument listing the known types if the type of the tensor is not one of them.
absl::StatusOr<ElementType> ElementTypeOf(const at::Tensor& tensor);

/// Returns null if the name is unknown.
const ElementType* ElementTypeBySafetensorsName(absl::string_view name);
const ElementType* ElementTypeByTorchStorage(absl::string_view name);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_ELEMENT_TYPES_H_
