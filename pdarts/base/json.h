#ifndef PDARTS_BASE_JSON_H_
#define PDARTS_BASE_JSON_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace pdarts {

/// One line of JSON with the field names of the proto. A byte of a text that is not part of UTF-8
/// is written as "\xe9" (a backslash, an x and two digits), because JSON cannot hold it.
std::string ToJsonLine(const google::protobuf::Message& message);

/// A text as a JSON string in quotation marks. Bytes that are not part of UTF-8 are written as in
/// ToJsonLine.
std::string JsonText(const std::string& text);

/// A JSON value that no message describes. An object keeps the order in which its members are
/// added. Texts and names are always written as JsonText writes them, so that a quotation mark in a
/// text cannot end the string.
class Json {
 public:
  /// null
  Json() = default;
  static Json Text(absl::string_view text);
  static Json Whole(int64_t number);
  /// The number with this number of digits after the decimal point; null for a number that is not
  /// finite.
  static Json Fixed(double number, int digits);
  /// The number rounded to this number of significant digits; null for a number that is not finite.
  static Json Significant(double number, int digits);
  /// The shortest text that reads back as the same number; null for a number that is not finite.
  static Json Shortest(double number);
  /// A message in the form of ToJsonLine.
  static Json Of(const google::protobuf::Message& message);
  static Json List(std::vector<Json> elements = {});
  static Json Texts(const std::vector<std::string>& texts);
  static Json Object();

  /// Appends an element to a list.
  Json& Append(Json element);
  /// Appends a member, whose name must be new, to an object.
  Json& Set(const std::string& name, Json value);

  /// The value in the form of ToJsonLine: `{"a":[1,2],"b":null}`.
  std::string Line() const;
  /// The value with blanks, for human readers: `{"a": [1, 2], "b": null}`. Values of Of() have no
  /// blanks.
  std::string SpacedLine() const;

 private:
  enum class Kind { kScalar, kList, kObject };

  explicit Json(std::string scalar) : scalar_(std::move(scalar)) {}
  std::string Print(const char* comma, const char* colon) const;

  Kind kind_ = Kind::kScalar;
  std::string scalar_ = "null";     ///< for a scalar: its text in JSON
  std::vector<std::string> names_;  ///< for an object: the names of the values
  std::vector<Json> values_;        ///< for a list or an object
};

/// Writes an object with one list whose elements are added one by one: `{"images":[{...},{...}]}`.
class JsonListStream {
 public:
  /// out: must outlive this object.
  JsonListStream(const std::string& name, std::ostream* out);
  void Append(const google::protobuf::Message& element);
  /// Ends the list and the object. Call it once, as the last method.
  void End();

 private:
  std::ostream* const out_;
  bool is_empty_ = true;
};

/// Reads a message from JSON. \error kDataLoss stating what is wrong.
absl::Status ParseJson(const std::string& text, google::protobuf::Message* message);

}  // namespace pdarts

#endif  // PDARTS_BASE_JSON_H_
