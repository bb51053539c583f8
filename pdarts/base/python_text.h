#ifndef PDARTS_BASE_PYTHON_TEXT_H_
#define PDARTS_BASE_PYTHON_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

// Values in the form in which Python programs, their logs and JSON files write them. Nothing is
// computed or executed.

/// An error at a place of a text.
struct TextError {
  size_t place = 0;  ///< byte of the text, from 0
  std::string message;
};

/// The error as "line 1, column 5: ...".
absl::Status ErrorAt(absl::string_view text, size_t place, absl::string_view message);

/// The text at a place, for a message: "'name'", or "the end of the text".
std::string FoundAt(absl::string_view text, size_t place);

/// A value as it is written.
struct PythonValue {
  enum class Kind {
    kNumber,    ///< text: as written, with its sign
    kText,      ///< text: without quotation marks, escapes resolved
    kName,      ///< text: "None", "module.name"
    kSequence,  ///< a list, tuple or set; items: its elements
    kDict,      ///< keys and items: its entries
    kCall,      ///< text: the called name; items: arguments; keys: their names, or ""
  };

  Kind kind = Kind::kName;
  std::string text;
  std::vector<std::string> keys;
  std::vector<size_t> key_places;
  std::vector<PythonValue> items;
  char bracket = '\0';  ///< kSequence: the opening bracket
  size_t begin = 0;     ///< first byte
  size_t end = 0;       ///< first byte after the value and the white space behind it

  bool is(Kind other) const { return kind == other; }
  /// The character that closes a sequence.
  char closing() const { return bracket == '[' ? ']' : bracket == '{' ? '}' : ')'; }
  /// The name that a call calls, without the module: "Genotype" of "genotypes.Genotype(...)".
  absl::string_view function() const;
};

/// A value, and its first part that is neither Python nor JSON. The value has everything before the
/// error, so that a reader can report an earlier mistake.
struct PythonReading {
  PythonValue value;
  std::optional<TextError> error;
};

/// Reads the value that begins at `begin`, after white space and comments. A value may be nested 32
/// levels deep, and may have 20,000 parts. These limits bound the memory of the reader.
PythonReading ReadPythonValue(absl::string_view text, size_t begin);

/// The first byte from `place` on that is neither white space nor part of a comment.
size_t SkipPythonSpace(absl::string_view text, size_t place);

/// The beginning of a value in a text that contains more than this value.
struct PythonDefinition {
  std::string name;  ///< as in `NAME = value`; empty if there is none
  size_t begin = 0;  ///< for ReadPythonValue
};

/// The maximum number of definitions that are searched for in a text. A longer list shows that
/// there are more.
inline constexpr size_t kMostDefinitions = 1000;

/// All calls of `function` in a text: `NAME = function(...)` of a program, the same at the end of a
/// line of a log, or a call alone. Comments, `def function(` and `class function(` are not calls.
/// The list has at most kMostDefinitions + 1 elements.
std::vector<PythonDefinition> FindCalls(absl::string_view text, absl::string_view function);

/// All values that begin with a bracket or a quotation mark after `NAME =` or `NAME:`. The list has
/// at most kMostDefinitions + 1 elements.
std::vector<PythonDefinition> FindAssignments(absl::string_view text);

/// The text with only the last definition of a name. Blanks replace everything else, so that lines
/// and columns stay the same. `NAME = OTHER` is followed to OTHER.
/// \error kNotFound if the text does not define the name.
absl::StatusOr<std::string> KeepDefinition(absl::string_view text, absl::string_view name);

}  // namespace pdarts

#endif  // PDARTS_BASE_PYTHON_TEXT_H_
