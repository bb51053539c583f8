#ifndef PDARTS_CORE_PYTHON_TEXT_H_
#define PDARTS_CORE_PYTHON_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

// Values as Python programs, their logs and JSON files write them. Nothing is computed or executed.

/// What is wrong at a place of a text.
struct TextError {
  size_t place = 0;  ///< byte of the text, from 0
  std::string message;
};

/// The error as "line 1, column 5: ...".
absl::Status ErrorAt(absl::string_view text, size_t place, absl::string_view message);

/// What stands at a place, for a message: "'name'", or "the end of the text".
std::string FoundAt(absl::string_view text, size_t place);

/// A value as it is written.
struct PythonValue {
  enum class Kind {
    kNumber,    ///< text: as written, with its sign
    kText,      ///< text: without quotation marks, escapes resolved
    kName,      ///< text: "None", "module.name"
    kSequence,  ///< a list, tuple or set; items: its elements
    kDict,      ///< keys and items: its entries
    kCall,      ///< text: the name of what is called; items: arguments, keys: their names or ""
  };

  Kind kind = Kind::kName;
  std::string text;
  std::vector<std::string> keys;
  std::vector<size_t> key_places;
  std::vector<PythonValue> items;
  char bracket = '\0';  ///< kSequence: what it begins with
  size_t begin = 0;     ///< byte at which it begins
  size_t end = 0;       ///< byte at which begins what follows it and the white space after it

  bool is(Kind other) const { return kind == other; }
  /// What closes a sequence.
  char closing() const { return bracket == '[' ? ']' : bracket == '{' ? '}' : ')'; }
  /// What a call names, without the module: "Genotype" of "genotypes.Genotype(...)".
  absl::string_view function() const;
};

/// A value, and the first thing in it that is no Python or JSON. What stands before the error is in
/// the value, so that a reader can name a mistake that comes first.
struct PythonReading {
  PythonValue value;
  std::optional<TextError> error;
};

/// Reads the value that begins at `begin`, after white space and comments. Values are nested 32
/// levels deep at most and have at most 20,000 parts, so that reading takes little memory.
PythonReading ReadPythonValue(absl::string_view text, size_t begin);

/// The first byte from `place` on that is neither white space nor part of a comment.
size_t SkipPythonSpace(absl::string_view text, size_t place);

/// Where a value begins in a text that holds more than this value.
struct PythonDefinition {
  std::string name;  ///< as in `NAME = value`; empty if there is none
  size_t begin = 0;  ///< for ReadPythonValue
};

/// How many definitions are looked for in a text. A longer list shows that there are more.
inline constexpr size_t kMostDefinitions = 1000;

/// All calls of `function` in a text: `NAME = function(...)` of a program, the same at the end of a
/// log's line, or a call alone. Comments, `def function(` and `class function(` are none. At most
/// kMostDefinitions + 1.
std::vector<PythonDefinition> FindCalls(absl::string_view text, absl::string_view function);

/// All values that begin with a bracket or a quotation mark after `NAME =` or `NAME:`. At most
/// kMostDefinitions + 1.
std::vector<PythonDefinition> FindAssignments(absl::string_view text);

/// The text with nothing but the last definition of a name left: blanks stand for everything else,
/// so that lines and columns are the same. `NAME = OTHER` is followed.
/// \error kNotFound if the text defines no such name.
absl::StatusOr<std::string> KeepDefinition(absl::string_view text, absl::string_view name);

}  // namespace pdarts

#endif  // PDARTS_CORE_PYTHON_TEXT_H_
