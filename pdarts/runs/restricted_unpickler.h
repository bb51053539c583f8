#ifndef PDARTS_RUNS_RESTRICTED_UNPICKLER_H_
#define PDARTS_RUNS_RESTRICTED_UNPICKLER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// A value of a pickle that holds nothing but data.
struct PickleValue {
  /// A function or class, known by its full name only: "collections.OrderedDict".
  struct Global {
    absl::string_view name;  ///< lives as long as the program
  };
  /// A one-dimensional tensor of a storage's elements.
  struct Storage {
    at::Tensor elements;
  };
  using List = std::vector<PickleValue>;  ///< a list or a tuple
  using Dict = std::vector<std::pair<PickleValue, PickleValue>>;

  /// Text is a part of the pickle's bytes. Lists and dicts belong to the Pickle. So a value that is
  /// in many places, or in itself, takes the memory of one.
  std::variant<std::monostate, bool, int64_t, double, absl::string_view, at::Tensor, Global,
               Storage, List*, Dict*>
      value;
};

/// What a pickle holds. Its lists and dicts live as long as it does, its text as long as the bytes
/// that it was read from.
struct Pickle {
  PickleValue root;
  std::deque<PickleValue::List> lists;
  std::deque<PickleValue::Dict> dicts;
};

/// What a persistent id of a storage stands for: `key` names it, `dtype` and `elements` are what
/// the pickle says of it.
using LoadStorage = std::function<absl::StatusOr<at::Tensor>(
    absl::string_view key, at::ScalarType dtype, int64_t elements)>;

/// Reads a pickle of dicts, lists, tuples, numbers, text and tensors. It calls nothing: the only
/// functions that it knows, and does itself, are those that a tensor or an ordered dict is written
/// by. The values take `most_memory` bytes at most, beside the storages.
/// \error kDataLoss if the bytes are no whole pickle; kResourceExhausted if its values need more
/// memory; kInvalidArgument naming a function, class or operation that it doesn't know.
absl::StatusOr<Pickle> Unpickle(absl::string_view bytes, uint64_t most_memory,
                                const LoadStorage& load_storage);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESTRICTED_UNPICKLER_H_
