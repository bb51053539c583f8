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
    std::string name;
  };
  /// A one-dimensional tensor of a storage's elements.
  struct Storage {
    at::Tensor elements;
  };
  using List = std::vector<PickleValue>;  ///< a list or a tuple
  using Dict = std::vector<std::pair<PickleValue, PickleValue>>;

  /// Lists and dicts belong to the Pickle: they may be in several places, and in themselves.
  std::variant<std::monostate, bool, int64_t, double, std::string, at::Tensor, Global, Storage,
               List*, Dict*>
      value;
};

/// What a pickle holds. Its lists and dicts live as long as it does.
struct Pickle {
  PickleValue root;
  std::deque<PickleValue::List> lists;
  std::deque<PickleValue::Dict> dicts;
};

/// What a persistent id of a storage stands for: `key` names it, `dtype` and `elements` are what
/// the pickle says of it.
using LoadStorage = std::function<absl::StatusOr<at::Tensor>(
    const std::string& key, at::ScalarType dtype, int64_t elements)>;

/// Reads a pickle of dicts, lists, tuples, numbers, text and tensors. It calls nothing: the only
/// functions that it knows, and does itself, are those that a tensor or an ordered dict is written
/// by.
/// \error kDataLoss if the bytes are no whole pickle; kInvalidArgument naming a function, class or
/// operation that it doesn't know.
absl::StatusOr<Pickle> Unpickle(absl::string_view bytes, const LoadStorage& load_storage);

}  // namespace pdarts

#endif  // PDARTS_RUNS_RESTRICTED_UNPICKLER_H_
