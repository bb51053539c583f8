#ifndef PDARTS_CORE_JSON_H_
#define PDARTS_CORE_JSON_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace pdarts {

/// One line of JSON, with the proto's field names. A byte of a text that is not UTF-8, which JSON
/// can't hold, is written as "\xe9" (a backslash, an x and two digits).
std::string ToJsonLine(const google::protobuf::Message& message);

/// A text as JSON has it, in quotation marks; other bytes than UTF-8 as ToJsonLine writes them.
std::string JsonText(const std::string& text);

/// A value of JSON that no message describes. An object keeps the order in which its members are
/// added. Texts and names are always written as JsonText writes them, so that no text can end them.
class Json {
 public:
  /// null
  Json() = default;
  static Json Text(absl::string_view text);
  static Json Whole(int64_t number);
  /// The number with so many digits after the point; null for a number that is not finite.
  static Json Fixed(double number, int digits);
  /// The number rounded to so many digits; null for a number that is not finite.
  static Json Significant(double number, int digits);
  /// The shortest text that is read as this number; null for a number that is not finite.
  static Json Shortest(double number);
  /// A message as ToJsonLine writes it.
  static Json Of(const google::protobuf::Message& message);
  static Json List(std::vector<Json> elements = {});
  static Json Texts(const std::vector<std::string>& texts);
  static Json Object();

  /// Appends an element to a list.
  Json& Append(Json element);
  /// Appends a member, whose name must be new, to an object.
  Json& Set(const std::string& name, Json value);

  /// As ToJsonLine writes values: `{"a":[1,2],"b":null}`.
  std::string Line() const;
  /// With blanks, for people: `{"a": [1, 2], "b": null}`. The values of Of() have no blanks.
  std::string SpacedLine() const;

 private:
  enum class Kind { kScalar, kList, kObject };

  explicit Json(std::string scalar) : scalar_(std::move(scalar)) {}
  std::string Print(const char* comma, const char* colon) const;

  Kind kind_ = Kind::kScalar;
  std::string scalar_ = "null";     ///< of a scalar: its text in JSON
  std::vector<std::string> names_;  ///< of an object: the names of the values
  std::vector<Json> values_;        ///< of a list or an object
};

/// Writes an object with one list, whose elements arrive one after the other:
/// `{"images":[{...},{...}]}`.
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

/// Reads a message from JSON. \error kDataLoss with what is wrong.
absl::Status ParseJson(const std::string& text, google::protobuf::Message* message);

}  // namespace pdarts

#endif  // PDARTS_CORE_JSON_H_
