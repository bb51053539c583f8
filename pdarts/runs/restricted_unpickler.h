#ifndef PDARTS_RUNS_RESTRICTED_UNPICKLER_H_
#define PDARTS_RUNS_RESTRICTED_UNPICKLER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// Bytes of memory that a tensor or a storage takes at most beside its elements.
constexpr uint64_t kTensorMemory = 512;

/// The name of a Python function or class.
struct PickleName {
  absl::string_view module, name;

  /// "argparse.Namespace"; of a long name the beginning.
  std::string Full() const;
};

/// A value of a pickle that holds nothing but data.
struct PickleValue {
  /// A function or class, known by its name only.
  struct Global {
    const PickleName* name;
  };
  /// A value that this reader can't represent, such as an object of a class of the user's, a set or
  /// a large integer. Only the function or class that makes such a value is known.
  struct Opaque {
    const PickleName* maker;
  };
  /// A one-dimensional tensor of a storage's elements; undefined if this reader doesn't read their
  /// type.
  struct Storage {
    at::Tensor elements;
    const PickleName* type;
  };
  using List = std::vector<PickleValue>;  ///< a list or a tuple
  using Dict = std::vector<std::pair<PickleValue, PickleValue>>;

  /// Text is a part of the pickle's bytes. Lists, dicts and names belong to the Pickle. So a value
  /// that is in many places, or in itself, takes the memory of one.
  std::variant<std::monostate, bool, int64_t, double, absl::string_view, at::Tensor, Global, Opaque,
               Storage, List*, Dict*>
      value;
};

/// What a value is, for a message: "an integer", "an object of argparse.Namespace".
std::string Describe(const PickleValue& value);

/// What a pickle holds. Its lists, dicts and names live as long as it does, its text as long as the
/// bytes that it was read from.
struct Pickle {
  PickleValue root;
  std::deque<PickleValue::List> lists;
  std::deque<PickleValue::Dict> dicts;
  std::deque<PickleName> names;
  /// The attributes of those dicts that have some, such as an OrderedDict's.
  std::map<const PickleValue::Dict*, const PickleValue::Dict*> attributes;
};

/// What a persistent id of a storage stands for: `key` names it, `dtype` and `elements` are what
/// the pickle says of it. `dtype` may be one that ElementTypes doesn't know: the storage isn't
/// needed then, and an undefined tensor is returned.
using LoadStorage = std::function<absl::StatusOr<at::Tensor>(
    absl::string_view key, at::ScalarType dtype, int64_t elements)>;

/// Reads the pickle that `bytes` begins with, and removes it from them: one of protocol 2 to 5, as
/// torch.save writes it. It calls nothing. The only functions that it knows, and does itself, are
/// those that a tensor or an ordered dict is written by; what other functions or classes would make
/// is opaque. The values take `most_memory` bytes at most, beside the storages.
/// \error kDataLoss if the bytes begin with no whole pickle; kResourceExhausted if its values need
/// more memory; kInvalidArgument naming an operation that it doesn't know.
absl::StatusOr<Pickle> Unpickle(absl::string_view* bytes, uint64_t most_memory,
                                const LoadStorage& load_storage);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESTRICTED_UNPICKLER_H_
