#include "pdarts/runs/restricted_unpickler.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>

#include "ATen/ops/as_strided.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/core/little_endian.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

using List = PickleValue::List;
using Dict = PickleValue::Dict;

constexpr absl::string_view kOrderedDict = "collections.OrderedDict";
constexpr absl::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr absl::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr size_t kMostDimensions = 64;

// What a value and an entry take at most, growth of their containers and the allocator included.
constexpr uint64_t kValueMemory = 2 * sizeof(PickleValue);
constexpr uint64_t kContainerMemory = 64;
constexpr uint64_t kMemoMemory = 128;
constexpr uint64_t kTensorMemory = 512;

struct StorageClass {
  absl::string_view name;
  at::ScalarType type;
};
constexpr StorageClass kStorageClasses[] = {
    {"torch.FloatStorage", at::kFloat}, {"torch.DoubleStorage", at::kDouble},
    {"torch.HalfStorage", at::kHalf},   {"torch.BFloat16Storage", at::kBFloat16},
    {"torch.LongStorage", at::kLong},   {"torch.IntStorage", at::kInt},
    {"torch.ShortStorage", at::kShort}, {"torch.CharStorage", at::kChar},
    {"torch.ByteStorage", at::kByte},   {"torch.BoolStorage", at::kBool},
};

/// The element type of a storage class, which is all that its name is used for.
std::optional<at::ScalarType> StorageType(absl::string_view name) {
  for (const StorageClass& known : kStorageClasses) {
    if (known.name == name) return known.type;
  }
  return std::nullopt;
}

/// The program's own copy of a name that is known; empty for others.
absl::string_view KnownGlobal(absl::string_view name) {
  for (const absl::string_view known : {kOrderedDict, kRebuildTensor, kRebuildParameter}) {
    if (known == name) return known;
  }
  for (const StorageClass& known : kStorageClasses) {
    if (known.name == name) return known.name;
  }
  return "";
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
/// storage, refused where it would reach beyond it.
absl::StatusOr<PickleValue> RebuildTensor(const List& arguments) {
  if (arguments.size() < 4) return Damaged("a tensor has too few arguments");
  const auto* storage = As<PickleValue::Storage>(arguments[0]);
  const auto* offset = As<int64_t>(arguments[1]);
  if (storage == nullptr || offset == nullptr || *offset < 0) return Damaged("a tensor's storage");
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, Integers(arguments[2]));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> strides, Integers(arguments[3]));
  if (sizes.size() != strides.size()) return Damaged("a tensor's sizes and strides differ");
  const int64_t elements = storage->elements.numel();
  const bool empty = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  int64_t last = *offset;
  bool fits = empty ? *offset <= elements : *offset < elements;
  int64_t count = 1;
  for (size_t i = 0; i < sizes.size() && fits && !empty; ++i) {
    int64_t step;
    fits = !__builtin_mul_overflow(sizes[i] - 1, strides[i], &step) &&
           !__builtin_add_overflow(last, step, &last) && last < elements &&
           !__builtin_mul_overflow(count, sizes[i], &count) && count <= elements;
  }
  if (!fits) return Damaged("a tensor reaches beyond its storage");
  return PickleValue{storage->elements.as_strided(sizes, strides, *offset)};
}

class Unpickler {
 public:
  Unpickler(absl::string_view bytes, uint64_t most_memory, const LoadStorage& load_storage)
      : bytes_(bytes), most_memory_(most_memory), load_storage_(load_storage) {}

  absl::StatusOr<Pickle> Run() {
    while (true) {
      PDARTS_ASSIGN_OR_RETURN(const absl::string_view code, Take(1));
      if (code[0] == '.') break;
      PDARTS_RETURN_IF_ERROR(Step(static_cast<unsigned char>(code[0])));
      if (memory_ > most_memory_) {
        return absl::ResourceExhaustedError(
            absl::StrCat("the pickle's values take more than ", most_memory_,
                         " bytes of memory, which a state dict in a file of this size doesn't"));
      }
    }
    PDARTS_ASSIGN_OR_RETURN(pickle_.root, Pop());
    return std::move(pickle_);
  }

 private:
  absl::StatusOr<absl::string_view> Take(uint64_t count) {
    if (count > bytes_.size()) return Damaged("it ends too early");
    const absl::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  /// An unsigned little-endian number.
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
    memory_ += kContainerMemory + values.size() * kValueMemory;
    pickle_.lists.push_back(std::move(values));
    Push({&pickle_.lists.back()});
  }
  void PushDict() {
    memory_ += kContainerMemory;
    Push({&pickle_.dicts.emplace_back()});
  }
  void Push(PickleValue value) {
    memory_ += kValueMemory;
    stack_.push_back(std::move(value));
  }
  absl::StatusOr<PickleValue> Pop() {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) return Damaged("its stack is empty");
    PickleValue value = std::move(stack_.back());
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
    const size_t mark = marks_.back();
    marks_.pop_back();
    List values(std::make_move_iterator(stack_.begin() + static_cast<int64_t>(mark)),
                std::make_move_iterator(stack_.end()));
    stack_.resize(mark);
    return values;
  }
  absl::Status PushTuple(absl::StatusOr<List> values) {
    if (!values.ok()) return values.status();
    PushList(std::move(*values));
    return absl::OkStatus();
  }
  absl::Status PushGlobal(absl::string_view module, absl::string_view function) {
    const std::string name = absl::StrCat(module, ".", function);
    const absl::string_view known = KnownGlobal(name);
    if (known.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the pickle asks for ", name,
                       ", which a state dict of tensors doesn't need; nothing of it was executed"));
    }
    Push({PickleValue::Global{known}});
    return absl::OkStatus();
  }
  absl::Status Remember(uint64_t place) {
    if (stack_.empty()) return Damaged("its stack is empty");
    memory_ += kMemoMemory;
    memo_[place] = stack_.back();
    return absl::OkStatus();
  }
  absl::Status Recall(uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) return Damaged("it recalls what it hasn't kept");
    Push(found->second);
    return absl::OkStatus();
  }
  absl::Status Append(const List& values) {
    PDARTS_ASSIGN_OR_RETURN(const PickleValue target, Pop());
    const auto* list = As<List*>(target);
    if (list == nullptr) return Damaged("it appends to what is no list");
    memory_ += values.size() * kValueMemory;
    (*list)->insert((*list)->end(), values.begin(), values.end());
    Push(target);
    return absl::OkStatus();
  }
  absl::Status SetItems(const List& values) {
    PDARTS_ASSIGN_OR_RETURN(const PickleValue target, Pop());
    const auto* dict = As<Dict*>(target);
    if (dict == nullptr || values.size() % 2 != 0) return Damaged("it sets items of no dict");
    memory_ += values.size() * kValueMemory;
    for (size_t i = 0; i < values.size(); i += 2) {
      (*dict)->emplace_back(values[i], values[i + 1]);
    }
    Push(target);
    return absl::OkStatus();
  }

  /// ('storage', class, key, device, elements)
  absl::Status PersistentId() {
    PDARTS_ASSIGN_OR_RETURN(const PickleValue id, Pop());
    const auto* tuple = As<List*>(id);
    if (tuple == nullptr || (*tuple)->size() != 5) return Damaged("a storage's id");
    const auto* kind = As<absl::string_view>((**tuple)[0]);
    const auto* type = As<PickleValue::Global>((**tuple)[1]);
    const auto* key = As<absl::string_view>((**tuple)[2]);
    const auto* elements = As<int64_t>((**tuple)[4]);
    if (kind == nullptr || *kind != "storage" || type == nullptr || key == nullptr ||
        elements == nullptr) {
      return Damaged("a storage's id");
    }
    const std::optional<at::ScalarType> dtype = StorageType(type->name);
    if (!dtype) return Damaged("a storage's class");
    PDARTS_ASSIGN_OR_RETURN(at::Tensor storage, load_storage_(*key, *dtype, *elements));
    Push({PickleValue::Storage{std::move(storage)}});
    return absl::OkStatus();
  }

  absl::Status Reduce() {
    PDARTS_ASSIGN_OR_RETURN(const List call, Pop(2));
    const auto* global = As<PickleValue::Global>(call[0]);
    const auto* arguments = As<List*>(call[1]);
    if (global == nullptr || arguments == nullptr) return Damaged("a call");
    if (global->name == kOrderedDict) {
      if (!(*arguments)->empty()) return Damaged("an ordered dict with arguments");
      PushDict();
    } else if (global->name == kRebuildTensor) {
      PDARTS_ASSIGN_OR_RETURN(PickleValue tensor, RebuildTensor(**arguments));
      memory_ += kTensorMemory + 2 * sizeof(int64_t) * std::get<at::Tensor>(tensor.value).dim();
      Push(std::move(tensor));
    } else if (global->name == kRebuildParameter && !(*arguments)->empty()) {
      Push((**arguments)[0]);
    } else {
      return Damaged(absl::StrCat("a call of ", global->name));
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
      case 0x8a: {  // an integer of any length, two's complement
        PDARTS_ASSIGN_OR_RETURN(const uint64_t length, Number(1));
        if (length > 8) return Damaged("an integer of more than 64 bits");
        PDARTS_ASSIGN_OR_RETURN(uint64_t number, Number(static_cast<int>(length)));
        if (length > 0 && length < 8 && (number >> (8 * length - 1)) != 0) {
          number |= ~uint64_t{0} << (8 * length);
        }
        Push({static_cast<int64_t>(number)});
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
      case 'X':
      case 0x8c:
      case 0x8d: {
        PDARTS_ASSIGN_OR_RETURN(const absl::string_view text, Text(code == 'X'    ? 4
                                                                   : code == 0x8c ? 1
                                                                                  : 8));
        Push({text});
        return absl::OkStatus();
      }
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
        return PushGlobal(module, name);
      }
      case 0x93: {
        PDARTS_ASSIGN_OR_RETURN(const List names, Pop(2));
        const auto* module = As<absl::string_view>(names[0]);
        const auto* name = As<absl::string_view>(names[1]);
        if (module == nullptr || name == nullptr) return Damaged("a global's name");
        return PushGlobal(*module, *name);
      }
      case 'R':
        return Reduce();
      case 'b': {  // attributes: a state dict's _metadata, which isn't needed
        PDARTS_RETURN_IF_ERROR(Pop().status());
        return stack_.empty() ? Damaged("its stack is empty") : absl::OkStatus();
      }
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
            absl::StrFormat("the pickle holds operation 0x%02x, which no state dict needs", code));
    }
  }

  absl::string_view bytes_;
  const uint64_t most_memory_;
  uint64_t memory_ = 0;  ///< what all values so far have taken
  const LoadStorage& load_storage_;
  Pickle pickle_;
  List stack_;
  std::vector<size_t> marks_;
  std::map<uint64_t, PickleValue> memo_;
};

}  // namespace

absl::StatusOr<Pickle> Unpickle(absl::string_view bytes, uint64_t most_memory,
                                const LoadStorage& load_storage) {
  return Unpickler(bytes, most_memory, load_storage).Run();
}

}  // namespace pdarts
