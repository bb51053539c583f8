#include "pdarts/base/python_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace pdarts {
namespace {

constexpr int kMostLevels = 32;
constexpr int kMostParts = 20000;
constexpr int kMostAliases = 16;
constexpr size_t kLongestFound = 40;

bool IsNameByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

char ByteAt(absl::string_view text, size_t place) {
  return place < text.size() ? text[place] : '\0';
}

size_t LineBegin(absl::string_view text, size_t place) {
  return place == 0 ? 0 : text.rfind('\n', place - 1) + 1;  // npos + 1 is 0
}

size_t LineEnd(absl::string_view text, size_t place) {
  return std::min(text.find('\n', place), text.size());
}

/// Finds the lines of a text that contain only a comment. If the places are in rising order, the
/// object goes through the text only once.
class CommentLines {
 public:
  explicit CommentLines(absl::string_view text) : text_(text) { LookAtLine(0); }

  bool Holds(size_t place) {
    while (place > end_) LookAtLine(end_ + 1);
    return is_comment_;
  }

 private:
  void LookAtLine(size_t begin) {
    end_ = LineEnd(text_, begin);
    while (begin < end_ && IsSpace(text_[begin])) ++begin;
    is_comment_ = ByteAt(text_, begin) == '#';
  }

  const absl::string_view text_;
  size_t end_ = 0;
  bool is_comment_ = false;
};

/// Reads one value, and keeps the first error.
class Reader {
 public:
  Reader(absl::string_view text, size_t begin) : text_(text), place_(begin) { SkipSpace(); }

  PythonReading Read() {
    PythonReading reading;
    reading.value = Value(/*level=*/0);
    reading.error = std::move(error_);
    return reading;
  }

 private:
  char Peek() const { return ByteAt(text_, place_); }
  bool failed() const { return error_.has_value(); }
  void SkipSpace() { place_ = SkipPythonSpace(text_, place_); }

  void Fail(size_t place, std::string message) {
    if (!failed()) error_ = TextError{place, std::move(message)};
  }
  void FailExpected(absl::string_view what) {
    Fail(place_, absl::StrCat("expected ", what, ", found ", FoundAt(text_, place_)));
  }

  bool Skip(char c) {
    if (place_ >= text_.size() || text_[place_] != c) return false;
    ++place_;
    SkipSpace();
    return true;
  }

  PythonValue Value(int level) {
    PythonValue value;
    value.begin = place_;
    if (level >= kMostLevels) {
      Fail(place_, absl::StrCat("brackets are nested more than ", kMostLevels, " levels deep"));
    } else if (++parts_ > kMostParts) {
      Fail(place_, absl::StrCat("there are more than ", kMostParts, " values"));
    } else if (Peek() == '{') {
      Braces(level, &value);
    } else if (Peek() == '(' || Peek() == '[') {
      Sequence(level, &value);
    } else if (IsQuoted()) {
      value.kind = PythonValue::Kind::kText;
      value.text = Text();
    } else if (IsDigit(Peek()) || Peek() == '-' || Peek() == '+' || Peek() == '.') {
      value.kind = PythonValue::Kind::kNumber;
      value.text = Number();
    } else if (IsNameByte(Peek())) {
      value.text = Name();
      if (Peek() == '(') Arguments(level, &value);
    } else {
      FailExpected("a value");
    }
    value.end = place_;
    return value;
  }

  /// Whether a string begins here, perhaps with a prefix of one letter.
  bool IsQuoted() const {
    const auto is_quote = [](char c) { return c == '\'' || c == '"'; };
    return is_quote(Peek()) || (absl::StrContains("bBrRuU", Peek()) && Peek() != '\0' &&
                                is_quote(ByteAt(text_, place_ + 1)));
  }

  std::string Text() {
    const size_t begin = place_;
    if (absl::ascii_isalpha(static_cast<unsigned char>(Peek()))) ++place_;
    const std::string mark(1, Peek());
    const std::string triple = absl::StrCat(mark, mark, mark);
    const bool is_long = absl::StartsWith(text_.substr(place_), triple);
    const std::string& end = is_long ? triple : mark;
    place_ += end.size();
    std::string content;
    while (!absl::StartsWith(text_.substr(place_), end)) {
      if (place_ >= text_.size() || (!is_long && Peek() == '\n')) {
        place_ = begin;
        Fail(begin, "the quote is not closed");
        return content;
      }
      if (Peek() == '\\' && place_ + 1 < text_.size()) {
        ++place_;
        const char c = Peek();
        content.push_back(c == 'n' ? '\n' : c == 't' ? '\t' : c);
      } else {
        content.push_back(Peek());
      }
      ++place_;
    }
    place_ += end.size();
    SkipSpace();
    return content;
  }

  std::string Number() {
    const size_t begin = place_;
    if (Peek() == '-' || Peek() == '+') ++place_;
    const size_t digits = place_;
    const auto is_part = [&](char c) {
      const char before = ByteAt(text_, place_ - 1);
      return IsDigit(c) || c == '.' || c == 'e' || c == 'E' ||
             ((c == '-' || c == '+') && (before == 'e' || before == 'E'));
    };
    while (place_ < text_.size() && is_part(Peek())) ++place_;
    if (place_ == digits) {
      place_ = begin;
      FailExpected("a value");
      return "";
    }
    const std::string number(text_.substr(begin, place_ - begin));
    SkipSpace();
    return number;
  }

  std::string Name() {
    const size_t begin = place_;
    while (IsNameByte(Peek()) || (Peek() == '.' && IsNameByte(ByteAt(text_, place_ + 1)))) ++place_;
    const std::string name(text_.substr(begin, place_ - begin));
    SkipSpace();
    return name;
  }

  /// Called after an element: whether another element follows. It is an error if neither an element
  /// nor the end follows.
  bool AnotherFollows(char closing) {
    if (failed() || Skip(',')) return !failed();
    if (Peek() != closing || place_ >= text_.size()) {
      FailExpected(absl::StrCat("',' or '", std::string(1, closing), "'"));
    }
    return false;
  }

  void Sequence(int level, PythonValue* value) {
    value->kind = PythonValue::Kind::kSequence;
    value->bracket = Peek();
    Skip(value->bracket);
    bool has_comma = false;
    while (!failed() && Peek() != value->closing()) {
      value->items.push_back(Value(level + 1));
      if (!AnotherFollows(value->closing())) break;
      has_comma = true;
    }
    if (failed()) return;
    Skip(value->closing());
    // A single value in parentheses is the value itself, and not a tuple.
    if (value->bracket == '(' && value->items.size() == 1 && !has_comma) {
      const size_t begin = value->begin;
      PythonValue inner = std::move(value->items[0]);
      *value = std::move(inner);
      value->begin = begin;
    }
  }

  /// A dict, or a set.
  void Braces(int level, PythonValue* value) {
    value->kind = PythonValue::Kind::kDict;
    value->bracket = '{';
    Skip('{');
    while (!failed() && Peek() != '}') {
      PythonValue key = Value(level + 1);
      if (failed()) break;
      if (value->keys.empty() && Peek() != ':') {
        value->kind = PythonValue::Kind::kSequence;
      }
      if (value->kind == PythonValue::Kind::kDict) {
        if (!Skip(':')) {
          FailExpected("':'");
          break;
        }
        value->keys.push_back(std::move(key.text));
        value->key_places.push_back(key.begin);
        value->items.push_back(Value(level + 1));
      } else {
        value->items.push_back(std::move(key));
      }
      if (!AnotherFollows('}')) break;
    }
    if (!failed()) Skip('}');
  }

  void Arguments(int level, PythonValue* value) {
    value->kind = PythonValue::Kind::kCall;
    value->bracket = '(';
    Skip('(');
    while (!failed() && Peek() != ')') {
      std::string key;
      const size_t key_place = place_;
      const std::string name = IsNameByte(Peek()) && !IsDigit(Peek()) ? Name() : "";
      if (!name.empty() && Peek() == '=') {
        Skip('=');
        key = name;
      } else {
        place_ = key_place;
      }
      value->keys.push_back(key);
      value->key_places.push_back(key_place);
      value->items.push_back(Value(level + 1));
      if (!AnotherFollows(')')) break;
    }
    if (!failed()) Skip(')');
  }

  const absl::string_view text_;
  size_t place_;
  int parts_ = 0;
  std::optional<TextError> error_;
};

/// The beginning of the dotted name that ends before `end`.
size_t NameBegin(absl::string_view text, size_t end) {
  size_t begin = end;
  while (begin > 0 && (IsNameByte(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  return begin;
}

size_t BackOverSpace(absl::string_view text, size_t end) {
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
  return end;
}

/// The word before a place on the same line, "def" or "class".
absl::string_view WordBefore(absl::string_view text, size_t place) {
  const size_t end = BackOverSpace(text, place);
  const size_t begin = NameBegin(text, end);
  return text.substr(begin, end - begin);
}

/// The place of `NAME =` or `NAME:` in a text, and the place where the assigned value begins.
struct Assignment {
  absl::string_view name;
  size_t begin;
  size_t value;
};

/// Goes through the assignments of a text. A comparison is not an assignment, and neither is an
/// argument of a call that begins on the same line.
class Assignments {
 public:
  explicit Assignments(absl::string_view text) : text_(text), comments_(text) {}

  /// The next assignment that begins at `place` or later, and after the previous one.
  std::optional<Assignment> Next(size_t place = 0) {
    for (place_ = std::max(place_, place); place_ < text_.size();) {
      const size_t sign = place_++;
      const char c = text_[sign];
      if (c == '\n') {
        level_ = 0;
      } else if (absl::StrContains("([{", c)) {
        ++level_;
      } else if (absl::StrContains(")]}", c)) {
        level_ = std::max(0, level_ - 1);
      }
      if ((c != '=' && c != ':') || level_ > 0 || ByteAt(text_, place_) == '=') continue;
      const size_t end = BackOverSpace(text_, sign);
      const size_t begin = NameBegin(text_, end);
      const bool stands_alone = begin == 0 || IsSpace(text_[begin - 1]);
      if (begin == end || IsDigit(text_[begin]) || !stands_alone || comments_.Holds(sign)) continue;
      size_t value = place_;
      while (ByteAt(text_, value) == ' ' || ByteAt(text_, value) == '\t') ++value;
      return Assignment{text_.substr(begin, end - begin), begin, value};
    }
    return std::nullopt;
  }

 private:
  const absl::string_view text_;
  CommentLines comments_;
  size_t place_ = 0;
  int level_ = 0;  ///< number of open brackets in the line
};

/// The name in `NAME = value` or `NAME: value`, if the value begins at `begin`; empty if there is
/// none.
std::string NameBefore(absl::string_view text, size_t begin) {
  const size_t sign = BackOverSpace(text, begin);
  if (sign == 0 || (text[sign - 1] != '=' && text[sign - 1] != ':')) return "";
  const size_t end = BackOverSpace(text, sign - 1);
  const size_t name = NameBegin(text, end);
  return std::string(text.substr(name, end - name));
}

}  // namespace

absl::string_view PythonValue::function() const {
  const absl::string_view name = text;
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

absl::Status ErrorAt(absl::string_view text, size_t place, absl::string_view message) {
  place = std::min(place, text.size());
  const absl::string_view before = text.substr(0, place);
  return absl::InvalidArgumentError(
      absl::StrCat("line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
                   place - LineBegin(text, place) + 1, ": ", message));
}

std::string FoundAt(absl::string_view text, size_t place) {
  if (place >= text.size()) return "the end of the text";
  size_t end = place;
  while (end < text.size() && end - place < kLongestFound && IsNameByte(text[end])) ++end;
  return absl::StrCat("'", text.substr(place, std::max<size_t>(end - place, 1)), "'");
}

PythonReading ReadPythonValue(absl::string_view text, size_t begin) {
  return Reader(text, begin).Read();
}

size_t SkipPythonSpace(absl::string_view text, size_t place) {
  for (;;) {
    while (place < text.size() && IsSpace(text[place])) ++place;
    if (ByteAt(text, place) == '#') {
      place = LineEnd(text, place);
    } else if (ByteAt(text, place) == '\\' && ByteAt(text, place + 1) == '\n') {
      ++place;
    } else {
      return place;
    }
  }
}

std::vector<PythonDefinition> FindCalls(absl::string_view text, absl::string_view function) {
  std::vector<PythonDefinition> calls;
  CommentLines comments(text);
  size_t place = 0;
  while (calls.size() <= kMostDefinitions &&
         (place = text.find(function, place)) != absl::string_view::npos) {
    const size_t end = place + function.size();
    size_t open = end;
    while (ByteAt(text, open) == ' ') ++open;
    const bool is_call = (place == 0 || !IsNameByte(text[place - 1])) && ByteAt(text, open) == '(';
    if (!is_call || comments.Holds(place)) {
      place = end;
      continue;
    }
    const size_t begin = NameBegin(text, place);
    const absl::string_view before = WordBefore(text, begin);
    if (before == "def" || before == "class") {
      place = end;
      continue;
    }
    calls.push_back({NameBefore(text, begin), begin});
    place = std::max(end, ReadPythonValue(text, begin).value.end);
  }
  return calls;
}

std::vector<PythonDefinition> FindAssignments(absl::string_view text) {
  std::vector<PythonDefinition> found;
  Assignments assignments(text);
  size_t place = 0;
  while (found.size() <= kMostDefinitions) {
    const std::optional<Assignment> next = assignments.Next(place);
    if (!next) break;
    const char first = ByteAt(text, next->value);
    if (first == '\0' || !absl::StrContains("([{'\"", first)) continue;
    found.push_back({std::string(next->name), next->value});
    place = ReadPythonValue(text, next->value).value.end;
  }
  return found;
}

absl::StatusOr<std::string> KeepDefinition(absl::string_view text, absl::string_view name) {
  std::string wanted(name);
  for (int i = 0; i < kMostAliases; ++i) {
    std::optional<Assignment> last;
    Assignments assignments(text);
    while (const std::optional<Assignment> next = assignments.Next()) {
      if (next->name == wanted) last = next;
    }
    if (!last) break;
    const PythonReading reading = ReadPythonValue(text, last->value);
    const PythonValue& value = reading.value;
    if (!reading.error && value.is(PythonValue::Kind::kName)) {
      wanted = value.text;
      continue;
    }
    // Text that is not Python, such as a text without quotation marks, ends with its line.
    const size_t end =
        reading.error ? LineEnd(text, std::max(last->value, reading.error->place)) : value.end;
    std::string kept(text);
    for (size_t at = 0; at < kept.size(); ++at) {
      if ((at < last->begin || at >= end) && kept[at] != '\n') kept[at] = ' ';
    }
    return kept;
  }
  return absl::NotFoundError(absl::StrCat("nothing is called \"", name, "\" in it"));
}

}  // namespace pdarts
