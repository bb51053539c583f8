#include "pdarts/weights/restricted_unpickler.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>

#include "ATen/ops/as_strided.h"
#include "ATen/ops/empty.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/tensor_bytes.h"
#include "pdarts/weights/element_types.h"

namespace pdarts {
namespace {

using List = PickleValue::List;
using Dict = PickleValue::Dict;

constexpr size_t kMostDimensions = 64;
// The maximum length of a name in a message. A name can be as long as the file.
constexpr size_t kShown = 80;

// The maximum memory, with the overhead of the allocator, of a value in a growing container, of a
// container without its values, and of an entry of the memo.
constexpr uint64_t kValueMemory = 2 * sizeof(PickleValue);
constexpr uint64_t kContainerMemory = 64;
constexpr uint64_t kMemoMemory = 96;

// Types of Python itself whose values are opaque here.
constexpr PickleName kInteger = {"builtins", "int"};
constexpr PickleName kBytes = {"builtins", "bytes"};
constexpr PickleName kByteArray = {"builtins", "bytearray"};
constexpr PickleName kSet = {"builtins", "set"};
constexpr PickleName kFrozenSet = {"builtins", "frozenset"};
constexpr PickleName kUnknownCall = {"builtins", "object"};

struct OtherStorage {
  absl::string_view name;
  at::ScalarType type;
};
// Storages of torch whose elements are not read. Their element sizes are needed to find the next
// storage.
constexpr OtherStorage kOtherStorages[] = {
    {"ComplexFloatStorage", at::kComplexFloat},
    {"ComplexDoubleStorage", at::kComplexDouble},
    {"QInt8Storage", at::kQInt8},
    {"QUInt8Storage", at::kQUInt8},
    {"QInt32Storage", at::kQInt32},
    {"QUInt4x2Storage", at::kQUInt4x2},
    {"QUInt2x4Storage", at::kQUInt2x4},
};

/// The element type of a storage class. The name of the class is used for nothing else.
std::optional<at::ScalarType> StorageType(const PickleName& name) {
  if (name.module == "torch.storage" && name.name == "UntypedStorage") return at::kByte;
  if (name.module != "torch") return std::nullopt;
  if (const ElementType* known = ElementTypeByTorchStorage(name.name)) return known->type;
  for (const OtherStorage& other : kOtherStorages) {
    if (other.name == name.name) return other.type;
  }
  return std::nullopt;
}

bool IsOrderedDict(const PickleName& name) {
  return name.module == "collections" && name.name == "OrderedDict";
}

/// Whether a function makes a view of a storage. PyTorch 0.3 wrote the first of these names.
bool RebuildsTensor(const PickleName& name) {
  return name.module == "torch._utils" &&
         (name.name == "_rebuild_tensor" || name.name == "_rebuild_tensor_v2");
}

/// Whether a function makes a parameter of its first argument, a tensor.
bool RebuildsParameter(const PickleName& name) {
  return name.module == "torch._utils" &&
         (name.name == "_rebuild_parameter" || name.name == "_rebuild_parameter_with_state");
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the pickle is damaged: ", what));
}

template <typename T>
const T* As(const PickleValue& value) {
  return std::get_if<T>(&value.value);
}

absl::StatusOr<std::vector<int64_t>> Integers(const PickleValue& value) {
  const auto* list = As<List*>(value);
  if (list == nullptr || (*list)->size() > kMostDimensions) return Damaged("a tensor's sizes");
  std::vector<int64_t> integers;
  for (const PickleValue& element : **list) {
    const auto* integer = As<int64_t>(element);
    if (integer == nullptr || *integer < 0) return Damaged("a tensor's sizes");
    integers.push_back(*integer);
  }
  return integers;
}

/// _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks): a view of the
/// storage. A view that reaches beyond the storage is refused. The result is opaque if the storage
/// is.
absl::StatusOr<PickleValue> RebuildTensor(const List& arguments) {
  if (arguments.size() < 4) return Damaged("a tensor has too few arguments");
  if (As<PickleValue::Opaque>(arguments[0]) != nullptr) return arguments[0];
  const auto* storage = As<PickleValue::Storage>(arguments[0]);
  const auto* offset = As<int64_t>(arguments[1]);
  if (storage == nullptr || offset == nullptr || *offset < 0) return Damaged("a tensor's storage");
  if (!storage->elements.defined()) return PickleValue{PickleValue::Opaque{storage->type}};
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, Integers(arguments[2]));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> strides, Integers(arguments[3]));
  if (sizes.size() != strides.size()) return Damaged("a tensor's sizes and strides differ");
  const int64_t elements = storage->elements.numel();
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) {
    if (!TensorBytes(sizes, 1)) return Damaged("a tensor's sizes are too large");
    return PickleValue{at::empty(sizes, storage->elements.options())};
  }
  int64_t last = *offset;
  bool fits = *offset < elements;
  int64_t count = 1;
  for (size_t i = 0; i < sizes.size() && fits; ++i) {
    int64_t step;
    fits = !__builtin_mul_overflow(sizes[i] - 1, strides[i], &step) &&
           !__builtin_add_overflow(last, step, &last) && last < elements &&
           !__builtin_mul_overflow(count, sizes[i], &count) && count <= elements;
  }
  if (!fits) return Damaged("a tensor reaches beyond its storage");
  // The storage itself may be a view.
  return PickleValue{
      storage->elements.as_strided(sizes, strides, *offset + storage->elements.storage_offset())};
}

class Unpickler {
 public:
  Unpickler(absl::string_view* bytes, uint64_t most_memory, const LoadStorage& load_storage)
      : bytes_(*bytes), most_memory_(most_memory), load_storage_(load_storage) {}

  absl::StatusOr<Pickle> Run() {
    while (true) {
      PDARTS_ASSIGN_OR_RETURN(const absl::string_view code, Take(1));
      if (code[0] == '.') break;
      PDARTS_RETURN_IF_ERROR(Step(static_cast<unsigned char>(code[0])));
      PDARTS_RETURN_IF_ERROR(CheckMemory());
    }
    PDARTS_ASSIGN_OR_RETURN(pickle_.root, Pop());
    return std::move(pickle_);
  }

 private:
  absl::Status CheckMemory() const {
    if (memory_ + kValueMemory * most_stack_ <= most_memory_) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat("the pickle's values take more than ", most_memory_,
                     " bytes of memory, which a state dict in a file of this size does not"));
  }

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
  absl::StatusOr<absl::string_view> Text(int length_bytes) {
    PDARTS_ASSIGN_OR_RETURN(const uint64_t length, Number(length_bytes));
    return Take(length);
  }
  absl::StatusOr<absl::string_view> Line() {
    const size_t end = bytes_.find('\n');
    if (end == absl::string_view::npos) return Damaged("it ends too early");
    const absl::string_view line = bytes_.substr(0, end);
    bytes_.remove_prefix(end + 1);
    return line;
  }

  void PushList(List values) {
    memory_ += kContainerMemory + values.size() * sizeof(PickleValue);
    pickle_.lists.push_back(std::move(values));
    Push({&pickle_.lists.back()});
  }
  void PushDict() {
    memory_ += kContainerMemory;
    Push({&pickle_.dicts.emplace_back()});
  }
  void Push(PickleValue value) {
    stack_.push_back(std::move(value));
    most_stack_ = std::max(most_stack_, stack_.size());
  }
  void PushOpaque(const PickleName* maker) { Push({PickleValue::Opaque{maker}}); }
  absl::StatusOr<PickleValue> Pop() {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) return Damaged("its stack is empty");
    PickleValue value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }
  absl::Status CheckNotEmpty() const {
    return stack_.empty() ? Damaged("its stack is empty") : absl::OkStatus();
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
    const size_t mark = marks_.back();
    marks_.pop_back();
    List values(std::make_move_iterator(stack_.begin() + static_cast<int64_t>(mark)),
                std::make_move_iterator(stack_.end()));
    stack_.resize(mark);
    return values;
  }
  absl::Status PushText(int length_bytes) {
    PDARTS_ASSIGN_OR_RETURN(const absl::string_view text, Text(length_bytes));
    Push({text});
    return absl::OkStatus();
  }
  absl::Status PushOpaqueText(int length_bytes, const PickleName* maker) {
    PDARTS_RETURN_IF_ERROR(Text(length_bytes).status());
    PushOpaque(maker);
    return absl::OkStatus();
  }
  absl::Status PushTuple(absl::StatusOr<List> values) {
    if (!values.ok()) return values.status();
    PushList(std::move(*values));
    return absl::OkStatus();
  }
  void PushGlobal(absl::string_view module, absl::string_view name) {
    memory_ += kContainerMemory;
    Push({PickleValue::Global{&pickle_.names.emplace_back(PickleName{module, name})}});
  }
  absl::Status Remember(uint64_t place) {
    PDARTS_RETURN_IF_ERROR(CheckNotEmpty());
    memory_ += kMemoMemory;
    memo_[place] = stack_.back();
    return absl::OkStatus();
  }
  absl::Status Recall(uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) return Damaged("it recalls a memo entry that it did not store");
    Push(found->second);
    return absl::OkStatus();
  }
  absl::Status Append(const List& values) {
    PDARTS_ASSIGN_OR_RETURN(const PickleValue target, Pop());
    if (const auto* list = As<List*>(target)) {
      memory_ += values.size() * kValueMemory;
      (*list)->insert((*list)->end(), values.begin(), values.end());
    } else if (As<PickleValue::Opaque>(target) == nullptr) {
      return Damaged("it appends to a value that is not a list");
    }
    Push(target);
    return absl::OkStatus();
  }
  absl::Status SetItems(const List& values) {
    PDARTS_ASSIGN_OR_RETURN(const PickleValue target, Pop());
    if (values.size() % 2 != 0) return Damaged("it sets a key without a value");
    if (const auto* dict = As<Dict*>(target)) {
      memory_ += values.size() * kValueMemory;
      for (size_t i = 0; i < values.size(); i += 2) {
        (*dict)->emplace_back(values[i], values[i + 1]);
      }
    } else if (As<PickleValue::Opaque>(target) == nullptr) {
      return Damaged("it sets items of no dict");
    }
    Push(target);
    return absl::OkStatus();
  }
  /// Sets the attributes of an object. Only the attributes of dicts are kept.
  absl::Status Build() {
    PDARTS_ASSIGN_OR_RETURN(const PickleValue state, Pop());
    PDARTS_ASSIGN_OR_RETURN(const PickleValue target, Pop());
    const auto* dict = As<Dict*>(target);
    const auto* attributes = As<Dict*>(state);
    if (dict != nullptr && attributes != nullptr) {
      memory_ += kMemoMemory;
      pickle_.attributes[*dict] = *attributes;
    }
    Push(target);
    return absl::OkStatus();
  }

  /// The persistent id is ('storage', class, key, device, elements), or ('module', class, file,
  /// source) before an object of that class. Before PyTorch 1.6, the id of a storage has a sixth
  /// element: None, or (key, offset, elements) if the storage is a part of the storage that the
  /// third element names.
  absl::Status PersistentId() {
    PDARTS_ASSIGN_OR_RETURN(const PickleValue id, Pop());
    const auto* tuple = As<List*>(id);
    if (tuple == nullptr || (*tuple)->empty()) return Damaged("a persistent id");
    const List& parts = **tuple;
    const auto* kind = As<absl::string_view>(parts[0]);
    if (kind != nullptr && *kind == "module" && parts.size() == 4) {
      Push(parts[1]);
      return absl::OkStatus();
    }
    if (kind == nullptr || *kind != "storage" || parts.size() < 5 || parts.size() > 6) {
      return Damaged("a storage's id");
    }
    const auto* type = As<PickleValue::Global>(parts[1]);
    const auto* key = As<absl::string_view>(parts[2]);
    const auto* elements = As<int64_t>(parts[4]);
    if (type == nullptr || key == nullptr || elements == nullptr) return Damaged("a storage's id");
    const std::optional<at::ScalarType> dtype = StorageType(*type->name);
    if (!dtype) {
      PushOpaque(type->name);
      return absl::OkStatus();
    }
    memory_ += kTensorMemory;
    PDARTS_ASSIGN_OR_RETURN(at::Tensor storage, load_storage_(*key, *dtype, *elements));
    if (parts.size() == 6 && As<std::monostate>(parts[5]) == nullptr && storage.defined()) {
      PDARTS_ASSIGN_OR_RETURN(storage, Part(storage, parts[5]));
    }
    Push({PickleValue::Storage{std::move(storage), type->name}});
    return absl::OkStatus();
  }
  /// The elements that (key, offset, elements) names.
  static absl::StatusOr<at::Tensor> Part(const at::Tensor& storage, const PickleValue& part) {
    const auto* tuple = As<List*>(part);
    if (tuple == nullptr || (*tuple)->size() != 3) return Damaged("a part of a storage");
    const auto* offset = As<int64_t>((**tuple)[1]);
    const auto* elements = As<int64_t>((**tuple)[2]);
    if (offset == nullptr || elements == nullptr || *offset < 0 || *offset > storage.numel() ||
        *elements < 0 || *elements > storage.numel() - *offset) {
      return Damaged("a part of a storage reaches beyond it");
    }
    return storage.narrow(0, *offset, *elements);
  }

  /// The result of a call of `callable`: opaque, unless this reader knows the function.
  absl::Status Call(const PickleValue& callable, const PickleValue& arguments) {
    const auto* global = As<PickleValue::Global>(callable);
    const auto* list = As<List*>(arguments);
    if (global == nullptr) {
      const auto* opaque = As<PickleValue::Opaque>(callable);
      PushOpaque(opaque == nullptr ? &kUnknownCall : opaque->maker);
      return absl::OkStatus();
    }
    const PickleName& name = *global->name;
    if (list != nullptr && RebuildsTensor(name)) {
      PDARTS_ASSIGN_OR_RETURN(PickleValue tensor, RebuildTensor(**list));
      if (const auto* view = As<at::Tensor>(tensor)) {
        memory_ += kTensorMemory + 2 * sizeof(int64_t) * view->dim();
      }
      Push(std::move(tensor));
    } else if (list != nullptr && !(*list)->empty() && RebuildsParameter(name)) {
      Push((**list)[0]);
    } else if (list != nullptr && IsOrderedDict(name)) {
      return PushOrderedDict(**list);
    } else {
      PushOpaque(&name);
    }
    return absl::OkStatus();
  }
  /// OrderedDict(), or OrderedDict([[key, value], ...]) as Python 2 writes it.
  absl::Status PushOrderedDict(const List& arguments) {
    PushDict();
    if (arguments.empty()) return absl::OkStatus();
    const auto* pairs = As<List*>(arguments[0]);
    if (pairs == nullptr || arguments.size() != 1) return Damaged("an ordered dict's arguments");
    Dict& dict = pickle_.dicts.back();
    memory_ += 2 * (*pairs)->size() * kValueMemory;
    PDARTS_RETURN_IF_ERROR(CheckMemory());  // the list may have been copied many times before
    for (const PickleValue& element : **pairs) {
      const auto* pair = As<List*>(element);
      if (pair == nullptr || (*pair)->size() != 2) return Damaged("an ordered dict's arguments");
      dict.emplace_back((**pair)[0], (**pair)[1]);
    }
    return absl::OkStatus();
  }

  absl::Status Step(unsigned char code) {
    switch (code) {
      case 0x80:  // protocol
        return Number(1).status();
      case 0x95:  // frame
        return Number(8).status();
      case '(':
        memory_ += kValueMemory;
        marks_.push_back(stack_.size());
        return absl::OkStatus();
      case '}':
        PushDict();
        return absl::OkStatus();
      case ']':
      case ')':
        PushList({});
        return absl::OkStatus();
      case 't':
        return PushTuple(PopToMark());
      case 0x85:
        return PushTuple(Pop(1));
      case 0x86:
        return PushTuple(Pop(2));
      case 0x87:
        return PushTuple(Pop(3));
      case 'N':
        Push({});
        return absl::OkStatus();
      case 0x88:
      case 0x89:
        Push({code == 0x88});
        return absl::OkStatus();
      case 'K':
      case 'M': {
        PDARTS_ASSIGN_OR_RETURN(const uint64_t number, Number(code == 'K' ? 1 : 2));
        Push({static_cast<int64_t>(number)});
        return absl::OkStatus();
      }
      case 'J': {
        PDARTS_ASSIGN_OR_RETURN(const uint64_t number, Number(4));
        Push({static_cast<int64_t>(static_cast<int32_t>(number))});
        return absl::OkStatus();
      }
      case 0x8a:
      case 0x8b: {  // an integer of any length, two's complement
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view digits, Text(code == 0x8a ? 1 : 4));
        if (digits.size() > 8) {
          PushOpaque(&kInteger);
          return absl::OkStatus();
        }
        uint64_t number = ReadLittleEndian(digits);
        const size_t bits = 8 * digits.size();
        if (bits > 0 && bits < 64 && (number >> (bits - 1)) != 0) number |= ~uint64_t{0} << bits;
        Push({static_cast<int64_t>(number)});
        return absl::OkStatus();
      }
      case 'I': {  // Python 2: an integer of more than 32 bits, in decimal digits
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view digits, Line());
        int64_t number;
        if (absl::SimpleAtoi(digits, &number)) {
          Push({number});
        } else {
          PushOpaque(&kInteger);
        }
        return absl::OkStatus();
      }
      case 'G': {  // big-endian
        PDARTS_ASSIGN_OR_RETURN(const uint64_t swapped, Number(8));
        const uint64_t bits = __builtin_bswap64(swapped);
        double number;
        std::memcpy(&number, &bits, sizeof(number));
        Push({number});
        return absl::OkStatus();
      }
      case 'U':  // a text of Python 2
      case 0x8c:
        return PushText(1);
      case 'T':  // another text of Python 2
      case 'X':
        return PushText(4);
      case 0x8d:
        return PushText(8);
      case 'C':
        return PushOpaqueText(1, &kBytes);
      case 'B':
        return PushOpaqueText(4, &kBytes);
      case 0x8e:
        return PushOpaqueText(8, &kBytes);
      case 0x96:
        return PushOpaqueText(8, &kByteArray);
      case 0x8f:
        PushOpaque(&kSet);
        return absl::OkStatus();
      case 0x90:  // adds to a set
        return PopToMark().status();
      case 0x91:
        PDARTS_RETURN_IF_ERROR(PopToMark().status());
        PushOpaque(&kFrozenSet);
        return absl::OkStatus();
      case 'q':
      case 'r': {
        PDARTS_ASSIGN_OR_RETURN(const uint64_t place, Number(code == 'q' ? 1 : 4));
        return Remember(place);
      }
      case 0x94:
        return Remember(memo_.size());
      case 'h':
      case 'j': {
        PDARTS_ASSIGN_OR_RETURN(const uint64_t place, Number(code == 'h' ? 1 : 4));
        return Recall(place);
      }
      case 'c': {
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view module, Line());
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view name, Line());
        PushGlobal(module, name);
        return absl::OkStatus();
      }
      case 0x93: {
        PDARTS_ASSIGN_OR_RETURN(const List names, Pop(2));
        const auto* module = As<absl::string_view>(names[0]);
        const auto* name = As<absl::string_view>(names[1]);
        if (module == nullptr || name == nullptr) return Damaged("a global's name");
        PushGlobal(*module, *name);
        return absl::OkStatus();
      }
      case 'R':     // a function and its arguments
      case 0x81: {  // a class and its arguments
        PDARTS_ASSIGN_OR_RETURN(const List call, Pop(2));
        return Call(call[0], call[1]);
      }
      case 0x92: {  // a class, positional arguments and named arguments
        PDARTS_ASSIGN_OR_RETURN(const List call, Pop(3));
        return Call(call[0], call[1]);
      }
      case 'o': {  // a class of Python 2 and its arguments, one by one
        PDARTS_ASSIGN_OR_RETURN(const List call, PopToMark());
        if (call.empty()) return Damaged("an object without a class");
        return Call(call[0], {});
      }
      case 'b':
        return Build();
      case '0':  // a mark is on the stack as well
        return marks_.empty() || stack_.size() > marks_.back() ? Pop().status()
                                                               : PopToMark().status();
      case '1':
        return PopToMark().status();
      case '2':
        PDARTS_RETURN_IF_ERROR(CheckNotEmpty());
        Push(PickleValue(stack_.back()));
        return absl::OkStatus();
      case 'a': {
        PDARTS_ASSIGN_OR_RETURN(const List value, Pop(1));
        return Append(value);
      }
      case 's': {
        PDARTS_ASSIGN_OR_RETURN(const List item, Pop(2));
        return SetItems(item);
      }
      case 'e':
      case 'u': {
        PDARTS_ASSIGN_OR_RETURN(const List values, PopToMark());
        return code == 'e' ? Append(values) : SetItems(values);
      }
      case 'Q':
        return PersistentId();
      default:
        return absl::InvalidArgumentError(
            absl::StrFormat("the pickle holds operation 0x%02x, which torch.save does not write; "
                            "nothing of it was executed",
                            code));
    }
  }

  absl::string_view& bytes_;
  const uint64_t most_memory_;
  uint64_t memory_ = 0;    ///< memory of all values so far, without the stack
  size_t most_stack_ = 0;  ///< maximum number of values on the stack
  const LoadStorage& load_storage_;
  Pickle pickle_;
  List stack_;
  std::vector<size_t> marks_;
  std::map<uint64_t, PickleValue> memo_;
};

}  // namespace

std::string PickleName::Full() const {
  return absl::CHexEscape(absl::StrCat(module.substr(0, kShown), ".", name.substr(0, kShown)));
}

std::string Describe(const PickleValue& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "None"; }
    std::string operator()(bool) const { return "a truth value"; }
    std::string operator()(int64_t) const { return "an integer"; }
    std::string operator()(double) const { return "a number"; }
    std::string operator()(absl::string_view) const { return "a text"; }
    std::string operator()(const at::Tensor&) const { return "a tensor"; }
    std::string operator()(const PickleValue::Global& global) const {
      return absl::StrCat("the name ", global.name->Full());
    }
    std::string operator()(const PickleValue::Opaque& opaque) const {
      return absl::StrCat("an object of ", opaque.maker->Full());
    }
    std::string operator()(const PickleValue::Storage&) const { return "a storage"; }
    std::string operator()(const List*) const { return "a list"; }
    std::string operator()(const Dict*) const { return "a dict"; }
  };
  return std::visit(Visitor(), value.value);
}

absl::StatusOr<Pickle> Unpickle(absl::string_view* bytes, uint64_t most_memory,
                                const LoadStorage& load_storage) {
  return Unpickler(bytes, most_memory, load_storage).Run();
}

}  // namespace pdarts
