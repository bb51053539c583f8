#include "pdarts/weights/element_types.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace pdarts {
namespace {

constexpr ElementType kTypes[] = {
    {at::kDouble, "F64", "DoubleStorage"}, {at::kFloat, "F32", "FloatStorage"},
    {at::kHalf, "F16", "HalfStorage"},     {at::kBFloat16, "BF16", "BFloat16Storage"},
    {at::kLong, "I64", "LongStorage"},     {at::kInt, "I32", "IntStorage"},
    {at::kShort, "I16", "ShortStorage"},   {at::kChar, "I8", "CharStorage"},
    {at::kByte, "U8", "ByteStorage"},      {at::kBool, "BOOL", "BoolStorage"},
};

template <typename Matches>
const ElementType* Find(Matches matches) {
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes), matches);
  return found == std::end(kTypes) ? nullptr : found;
}

const ElementType* FindType(at::ScalarType type) {
  return Find([&](const ElementType& known) { return known.type == type; });
}

}  // namespace

bool IsElementType(at::ScalarType type) { return FindType(type) != nullptr; }

absl::StatusOr<ElementType> ElementTypeOf(const at::Tensor& tensor) {
  const at::ScalarType type = tensor.scalar_type();
  if (const ElementType* found = FindType(type)) return *found;
  return absl::InvalidArgumentError(absl::StrCat(
      "its elements are of type ", c10::toString(type), ", but a file of weights can only hold ",
      absl::StrJoin(kTypes, ", ", [](std::string* out, const ElementType& known) {
        out->append(c10::toString(known.type));
      })));
}

const ElementType* ElementTypeBySafetensorsName(absl::string_view name) {
  return Find([&](const ElementType& known) { return known.safetensors == name; });
}

const ElementType* ElementTypeByTorchStorage(absl::string_view name) {
  return Find([&](const ElementType& known) { return known.torch_storage == name; });
}

}  // namespace pdarts
