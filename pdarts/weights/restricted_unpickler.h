#ifndef PDARTS_WEIGHTS_RESTRICTED_UNPICKLER_H_
#define PDARTS_WEIGHTS_RESTRICTED_UNPICKLER_H_

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

/// The maximum memory of a tensor or a storage, without its elements, in bytes.
constexpr uint64_t kTensorMemory = 512;

/// The name of a Python function or class.
struct PickleName {
  absl::string_view module, name;

  /// "argparse.Namespace"; only the beginning of a long name.
  std::string Full() const;
};

/// A value of a pickle that holds only data.
struct PickleValue {
  /// A function or class, of which only the name is known.
  struct Global {
    const PickleName* name;
  };
  /// A value that this reader cannot represent, such as an object of a user's class, a set or a
  /// large integer. Only the function or class that makes such a value is known.
  struct Opaque {
    const PickleName* maker;
  };
  /// A one-dimensional tensor of the elements of a storage; undefined if this reader does not read
  /// their type.
  struct Storage {
    at::Tensor elements;
    const PickleName* type;
  };
  using List = std::vector<PickleValue>;  ///< a list or a tuple
  using Dict = std::vector<std::pair<PickleValue, PickleValue>>;

  /// Text is a part of the bytes of the pickle. Lists, dicts and names belong to the Pickle. So a
  /// value that occurs in many places, or within itself, is in memory only once.
  std::variant<std::monostate, bool, int64_t, double, absl::string_view, at::Tensor, Global, Opaque,
               Storage, List*, Dict*>
      value;
};

/// A description of a value for a message: "an integer", "an object of argparse.Namespace".
std::string Describe(const PickleValue& value);

/// The content of a pickle. Its lists, dicts and names live as long as the Pickle, and its text
/// lives as long as the bytes that it was read from.
struct Pickle {
  PickleValue root;
  std::deque<PickleValue::List> lists;
  std::deque<PickleValue::Dict> dicts;
  std::deque<PickleName> names;
  /// The attributes of the dicts that have attributes, such as an OrderedDict.
  std::map<const PickleValue::Dict*, const PickleValue::Dict*> attributes;
};

/// Finds the storage of a persistent id. `key` names the storage; the pickle gives `dtype` and
/// `elements`. `dtype` may be a type that ElementTypes does not know. Such a storage is not needed,
/// and the function returns an undefined tensor.
using LoadStorage = std::function<absl::StatusOr<at::Tensor>(
    absl::string_view key, at::ScalarType dtype, int64_t elements)>;

/// Reads the pickle at the beginning of `bytes`, and removes it from `bytes`. The pickle has
/// protocol 2 to 5, as torch.save writes it. Unpickle calls no function of Python. It computes the
/// results of the functions for tensors and ordered dicts itself. The results of all other
/// functions and classes are opaque. The values take at most `most_memory` bytes, without the
/// storages.
/// \error kDataLoss if the bytes do not begin with a complete pickle; kResourceExhausted if the
/// values need more memory; kInvalidArgument naming an operation that this reader does not know.
absl::StatusOr<Pickle> Unpickle(absl::string_view* bytes, uint64_t most_memory,
                                const LoadStorage& load_storage);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_RESTRICTED_UNPICKLER_H_
