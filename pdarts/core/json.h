#ifndef PDARTS_CORE_JSON_H_
#define PDARTS_CORE_JSON_H_

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace pdarts {

/// One line of JSON, with the proto's field names. A byte of a text that is not UTF-8, which JSON
/// can't hold, is written as "\xe9" (a backslash, an x and two digits).
std::string ToJsonLine(const google::protobuf::Message& message);

/// A text as JSON has it, in quotation marks; other bytes than UTF-8 as ToJsonLine writes them.
std::string JsonText(const std::string& text);

/// Reads a message from JSON. \error kDataLoss with what is wrong.
absl::Status ParseJson(const std::string& text, google::protobuf::Message* message);

}  // namespace pdarts

#endif  // PDARTS_CORE_JSON_H_
