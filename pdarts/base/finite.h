#ifndef PDARTS_BASE_FINITE_H_
#define PDARTS_BASE_FINITE_H_

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace pdarts {

/// Checks every field of type double in a message and in its submessages. \error kInternal naming
/// the first field that holds NaN or an infinity, and the value.
absl::Status CheckFinite(const google::protobuf::Message& message);

}  // namespace pdarts

#endif  // PDARTS_BASE_FINITE_H_
