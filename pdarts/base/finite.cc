#include "pdarts/base/finite.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::Status CheckNumber(const FieldDescriptor& field, double value) {
  if (std::isfinite(value)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(field.name(), " is ", value, ", not a finite number"));
}

}  // namespace

absl::Status CheckFinite(const Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    // For reflection, a map is a list of messages with a key and a value.
    const int items = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < items; ++i) {
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_DOUBLE:
          PDARTS_RETURN_IF_ERROR(CheckNumber(
              *field, field->is_repeated() ? reflection.GetRepeatedDouble(message, field, i)
                                           : reflection.GetDouble(message, field)));
          break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
          PDARTS_RETURN_IF_ERROR(Annotate(
              CheckFinite(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                               : reflection.GetMessage(message, field)),
              field->name()));
          break;
        default:
          break;
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace pdarts
