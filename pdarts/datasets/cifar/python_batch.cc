#include "pdarts/datasets/cifar/python_batch.h"

#include <cstddef>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/status_macros.h"

namespace pdarts::cifar {
namespace {

constexpr size_t kMostNameBytes = 256;

struct Object;
struct Value;
using List = std::vector<Value>;

/// A value of a pickle. Lists and objects belong to the reader. So a value that occurs in many
/// places, or within itself, is in memory only once.
struct Value {
  /// The full name of a function or class, such as "numpy.dtype".
  struct Name {
    const std::string* text;
  };
  /// Text and bytes are a part of the pickle. A dict is a list in which keys and values alternate.
  /// A value that is not needed here, such as a float, is std::monostate.
  std::variant<std::monostate, int64_t, absl::string_view, Name, List*, Object*> value;
};

/// The description of a call of a function. The reader calls no function.
struct Object {
  const std::string* function;
  const List* arguments;
  Value state;
};

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("is not a batch of CIFAR's Python version, nor of its layout: ", what));
}

template <typename T>
const T* As(const Value& value) {
  return std::get_if<T>(&value.value);
}

/// Reads pickles of the protocols 1 to 5.
class Reader {
 public:
  Reader(absl::string_view bytes, int64_t most_values) : bytes_(bytes), values_left_(most_values) {}

  absl::StatusOr<Value> Run() {
    // The bytes begin with the number of the protocol, or with a dict.
    if (bytes_.empty() || absl::string_view("\x80}(").find(bytes_[0]) == absl::string_view::npos) {
      return Damaged("it does not begin as a pickle does");
    }
    while (true) {
      PDARTS_ASSIGN_OR_RETURN(const absl::string_view code, Take(1));
      if (code[0] == '.') return Pop();
      PDARTS_RETURN_IF_ERROR(Step(static_cast<unsigned char>(code[0])));
      if (values_left_ < 0) return Damaged("it holds more values than a batch has");
    }
  }

 private:
  absl::StatusOr<absl::string_view> Take(uint64_t count) {
    if (count > bytes_.size()) return Damaged("it ends too early");
    const absl::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  /// Reads an unsigned little-endian number.
  absl::StatusOr<uint64_t> Number(int bytes) {
    PDARTS_ASSIGN_OR_RETURN(const absl::string_view taken, Take(bytes));
    return ReadLittleEndian(taken);
  }
  absl::StatusOr<absl::string_view> Line() {
    const size_t end = bytes_.find('\n');
    if (end == absl::string_view::npos) return Damaged("it ends too early");
    PDARTS_ASSIGN_OR_RETURN(const absl::string_view line, Take(end + 1));
    return line.substr(0, end);
  }

  absl::Status Push(Value value) {
    --values_left_;
    stack_.push_back(value);
    return absl::OkStatus();
  }
  absl::Status PushNumber(absl::StatusOr<uint64_t> number) {
    if (!number.ok()) return number.status();
    return Push({static_cast<int64_t>(*number)});
  }
  /// Reads text or bytes after their length.
  absl::Status PushText(int length_bytes) {
    PDARTS_ASSIGN_OR_RETURN(const uint64_t length, Number(length_bytes));
    PDARTS_ASSIGN_OR_RETURN(const absl::string_view text, Take(length));
    return Push({text});
  }
  absl::Status PushList(absl::StatusOr<List> values) {
    if (!values.ok()) return values.status();
    return Push({&lists_.emplace_back(*std::move(values))});
  }
  absl::Status PushName(absl::string_view module, absl::string_view name) {
    // Without this limit, a long text would be copied as often as the pickle refers to it.
    if (module.size() + name.size() > kMostNameBytes) return Damaged("a function's name is long");
    return Push({Value::Name{&names_.emplace_back(absl::StrCat(module, ".", name))}});
  }

  absl::StatusOr<Value> Pop() {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) return Damaged("its stack is empty");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }
  absl::StatusOr<List> Pop(size_t count) {
    List values(count);
    for (size_t i = count; i-- > 0;) {
      PDARTS_ASSIGN_OR_RETURN(values[i], Pop());
    }
    return values;
  }
  absl::StatusOr<List> PopToMark() {
    if (marks_.empty()) return Damaged("a mark is missing");
    const auto mark = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    marks_.pop_back();
    List values(mark, stack_.end());
    stack_.erase(mark, stack_.end());
    return values;
  }

  /// Appends to the list or dict below the values on the stack.
  absl::Status Extend(absl::StatusOr<List> values) {
    if (!values.ok()) return values.status();
    PDARTS_ASSIGN_OR_RETURN(const Value target, Pop());
    const auto* list = As<List*>(target);
    if (list == nullptr) return Damaged("it appends to a value that is not a list");
    (*list)->insert((*list)->end(), values->begin(), values->end());
    return Push(target);
  }
  absl::Status Remember(absl::StatusOr<uint64_t> place) {
    if (!place.ok()) return place.status();
    if (stack_.empty()) return Damaged("its stack is empty");
    --values_left_;
    memo_[*place] = stack_.back();
    return absl::OkStatus();
  }
  absl::Status Recall(absl::StatusOr<uint64_t> place) {
    if (!place.ok()) return place.status();
    const auto found = memo_.find(*place);
    if (found == memo_.end()) return Damaged("it recalls a memo entry that it did not store");
    return Push(found->second);
  }
  absl::Status Reduce() {
    PDARTS_ASSIGN_OR_RETURN(const List call, Pop(2));
    const auto* function = As<Value::Name>(call[0]);
    const auto* arguments = As<List*>(call[1]);
    if (function == nullptr || arguments == nullptr)
      return Damaged("it calls a value that is not a function");
    return Push({&objects_.emplace_back(Object{function->text, *arguments, {}})});
  }
  absl::Status Build() {
    PDARTS_ASSIGN_OR_RETURN(const List values, Pop(2));
    const auto* object = As<Object*>(values[0]);
    if (object == nullptr) return Damaged("it sets the state of a value that is not an object");
    (*object)->state = values[1];
    return Push(values[0]);
  }

  absl::Status Step(unsigned char code) {
    switch (code) {
      case 0x80:  // protocol
        return Number(1).status();
      case 0x95:  // frame
        return Number(8).status();
      case '(':
        --values_left_;
        marks_.push_back(stack_.size());
        return absl::OkStatus();
      case '}':
      case ']':
      case ')':
        return PushList(List());
      case 't':
        return PushList(PopToMark());
      case 0x85:
      case 0x86:
      case 0x87:
        return PushList(Pop(code - 0x84));
      case 'N':
        return Push({});
      case 0x88:
      case 0x89:
        return Push({int64_t{code == 0x88}});
      case 'K':
        return PushNumber(Number(1));
      case 'M':
        return PushNumber(Number(2));
      case 'I': {  // a decimal number; 00 and 01 are false and true
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view line, Line());
        int64_t number;
        if (!absl::SimpleAtoi(line, &number)) return Damaged("a number");
        return Push({number});
      }
      case 'J': {
        PDARTS_ASSIGN_OR_RETURN(const uint64_t number, Number(4));
        return Push({int64_t{static_cast<int32_t>(number)}});
      }
      case 0x8a: {  // an integer of any length, two's complement; a batch has no negative integers
        PDARTS_ASSIGN_OR_RETURN(const uint64_t length, Number(1));
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view digits, Take(length));
        if (length > 7) return Push({});
        return PushNumber(ReadLittleEndian(digits));
      }
      case 'G':  // a float
        PDARTS_RETURN_IF_ERROR(Number(8).status());
        return Push({});
      case 'U':
      case 0x8c:
      case 'C':
        return PushText(1);
      case 'T':
      case 'X':
      case 'B':
        return PushText(4);
      case 0x8d:
      case 0x8e:
      case 0x96:
        return PushText(8);
      case 'q':
        return Remember(Number(1));
      case 'r':
        return Remember(Number(4));
      case 0x94:
        return Remember(memo_.size());
      case 'h':
        return Recall(Number(1));
      case 'j':
        return Recall(Number(4));
      case 'c': {
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view module, Line());
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view name, Line());
        return PushName(module, name);
      }
      case 0x93: {
        PDARTS_ASSIGN_OR_RETURN(const List names, Pop(2));
        const auto* module = As<absl::string_view>(names[0]);
        const auto* name = As<absl::string_view>(names[1]);
        if (module == nullptr || name == nullptr) return Damaged("a function without a name");
        return PushName(*module, *name);
      }
      case 'R':
        return Reduce();
      case 'b':
        return Build();
      case 'a':
        return Extend(Pop(1));
      case 's':
        return Extend(Pop(2));
      case 'e':
      case 'u':
        return Extend(PopToMark());
      default:
        return Damaged(absl::StrFormat("it holds operation 0x%02x, which no batch needs", code));
    }
  }

  absl::string_view bytes_;
  int64_t values_left_;  ///< the number of values that may still follow
  std::deque<List> lists_;
  std::deque<Object> objects_;
  std::deque<std::string> names_;
  List stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Value> memo_;
};

/// The value of a key in a dict. The keys are text in Python 3 and bytes in Python 2.
absl::StatusOr<Value> Find(const Value& dict, absl::string_view key) {
  const auto* items = As<List*>(dict);
  if (items != nullptr) {
    for (size_t i = 0; i + 1 < (*items)->size(); i += 2) {
      const auto* text = As<absl::string_view>((**items)[i]);
      if (text != nullptr && *text == key) return (**items)[i + 1];
    }
  }
  return Damaged(absl::StrCat("it has no entry \"", key, "\""));
}

/// Whether a value is the type of unsigned bytes: numpy.dtype("u1", ...).
bool IsByteType(const Value& value) {
  const auto* type = As<Object*>(value);
  if (type == nullptr || *(*type)->function != "numpy.dtype" || (*type)->arguments->empty()) {
    return false;
  }
  const auto* name = As<absl::string_view>((*type)->arguments->front());
  return name != nullptr && (*name == "u1" || *name == "|u1" || *name == "uint8");
}

/// The bytes of an array of images with the shape (count, image_bytes).
absl::StatusOr<absl::string_view> ImageBytes(const Value& value, const PythonLayout& layout) {
  const auto* array = As<Object*>(value);
  if (array == nullptr) return Damaged("\"data\" is not an array");
  // The state of _reconstruct is: version, shape, type, whether columns come first, bytes. The
  // arguments of _frombuffer are: bytes, type, shape and the order of axes.
  const List* shape = nullptr;
  const Value *type = nullptr, *order = nullptr, *content = nullptr;
  const auto list = [](const Value& from) {
    const auto* found = As<List*>(from);
    return found == nullptr ? nullptr : *found;
  };
  const List* state = list((*array)->state);
  const List& arguments = *(*array)->arguments;
  bool by_rows = false;
  if (absl::EndsWith(*(*array)->function, ".multiarray._reconstruct") && state != nullptr &&
      state->size() == 5) {
    shape = list((*state)[1]);
    type = &(*state)[2];
    order = &(*state)[3];
    content = &(*state)[4];
    by_rows = As<int64_t>(*order) != nullptr && *As<int64_t>(*order) == 0;
  } else if (absl::EndsWith(*(*array)->function, ".numeric._frombuffer") && arguments.size() == 4) {
    content = &arguments[0];
    type = &arguments[1];
    shape = list(arguments[2]);
    order = &arguments[3];
    by_rows = As<absl::string_view>(*order) != nullptr && *As<absl::string_view>(*order) == "C";
  } else {
    return Damaged("\"data\" is not an array of NumPy's");
  }
  if (!IsByteType(*type) || !by_rows)
    return Damaged("\"data\" is not an array of bytes, row by row");
  const auto* bytes = As<absl::string_view>(*content);
  if (bytes == nullptr) return Damaged("\"data\" holds its bytes in a form that is not read");
  const auto* rows = shape == nullptr || shape->size() != 2 ? nullptr : As<int64_t>((*shape)[0]);
  const auto* columns = rows == nullptr ? nullptr : As<int64_t>((*shape)[1]);
  const auto image_bytes = static_cast<uint64_t>(layout.image_bytes);
  if (columns == nullptr || *columns != layout.image_bytes || bytes->size() % image_bytes != 0 ||
      static_cast<int64_t>(bytes->size() / image_bytes) != *rows) {
    return Damaged(absl::StrCat("\"data\" has not the shape (",
                                layout.count < 0 ? "N" : absl::StrCat(layout.count), ", ",
                                layout.image_bytes, ")"));
  }
  if (layout.count >= 0 && *rows != layout.count) {
    return absl::DataLossError(absl::StrCat("has ", *rows, " images, expected ", layout.count));
  }
  return *bytes;
}

/// The numbers of a list that has one number for each image.
absl::StatusOr<std::vector<int64_t>> Labels(const Value& labels, const std::string& key,
                                            int64_t count) {
  const auto* list = As<List*>(labels);
  if (list == nullptr) return Damaged(absl::StrCat("\"", key, "\" is not a list"));
  if (static_cast<int64_t>((*list)->size()) != count) {
    return absl::DataLossError(
        absl::StrCat("has ", (*list)->size(), " entries in \"", key, "\", expected ", count));
  }
  std::vector<int64_t> numbers;
  for (const Value& value : **list) {
    const auto* number = As<int64_t>(value);
    if (number == nullptr) {
      return absl::DataLossError(
          absl::StrCat("record ", numbers.size(), ": \"", key, "\" holds no whole number"));
    }
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

int64_t MostPythonBytes(int64_t records) {
  constexpr int64_t kBytesBesideImage = 256;  // the labels and the file name of the image
  constexpr int64_t kBytesBesideRecords = 65536;
  return records * (kImageBytes + kBytesBesideImage) + kBytesBesideRecords;
}

absl::StatusOr<PythonImages> ReadPythonImages(absl::string_view pickle,
                                              const PythonLayout& layout) {
  // An image has one or two labels and the name of its file. Each of them has a place in the memo.
  constexpr int64_t kValuesOfImage = 16;
  constexpr int64_t kOtherValues = 1024;
  Reader reader(pickle, kOtherValues + kValuesOfImage * layout.most_images);
  PDARTS_ASSIGN_OR_RETURN(const Value batch, reader.Run());
  PDARTS_ASSIGN_OR_RETURN(const Value data, Find(batch, "data"));
  PythonImages images;
  PDARTS_ASSIGN_OR_RETURN(images.pixels, ImageBytes(data, layout));
  images.count = static_cast<int64_t>(images.pixels.size()) / layout.image_bytes;
  for (const std::string& key : layout.label_keys) {
    PDARTS_ASSIGN_OR_RETURN(const Value labels, Find(batch, key));
    PDARTS_ASSIGN_OR_RETURN(images.labels.emplace_back(), Labels(labels, key, images.count));
  }
  return images;
}

absl::StatusOr<std::string> RecordsOfPythonBatch(absl::string_view pickle, int64_t records,
                                                 const RecordFormat& format) {
  PythonLayout layout;
  layout.image_bytes = kImageBytes;
  layout.count = layout.most_images = records;
  for (const LabelByte& label : format.labels) layout.label_keys.push_back(label.python_key);
  PDARTS_ASSIGN_OR_RETURN(const PythonImages images, ReadPythonImages(pickle, layout));
  const auto label_bytes = static_cast<int64_t>(format.labels.size());
  const int64_t record_bytes = label_bytes + kImageBytes;
  std::string bytes(records * record_bytes, '\0');
  for (int64_t i = 0; i < records; ++i) {
    for (int64_t k = 0; k < label_bytes; ++k) {
      const int64_t label = images.labels[k][i];
      // A label in a record is a byte. ReadRecords checks its range.
      if (label < 0 || label > 255) {
        return absl::DataLossError(absl::StrCat("record ", i, ": ", format.labels[k].name,
                                                " is not in [0, ", format.labels[k].limit, ")"));
      }
      bytes[i * record_bytes + k] = static_cast<char>(label);
    }
    std::memcpy(&bytes[i * record_bytes + label_bytes], images.pixels.data() + i * kImageBytes,
                kImageBytes);
  }
  return bytes;
}

}  // namespace pdarts::cifar
