#ifndef PDARTS_WEIGHTS_TORCH_STORAGES_H_
#define PDARTS_WEIGHTS_TORCH_STORAGES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// A storage in a file of torch.save.
struct TorchStorage {
  at::ScalarType type;
  int64_t elements;
  at::Tensor data;  ///< one-dimensional; undefined if files of weights are not read with this type

  uint64_t bytes() const { return static_cast<uint64_t>(elements) * c10::elementSize(type); }
};

/// The storages of a file by their keys. Each storage is allocated once, and the storages are
/// together not longer than the file.
class TorchStorages {
 public:
  explicit TorchStorages(uint64_t file_size) : file_size_(file_size), left_(file_size) {}

  /// The storage with this key. A new storage is allocated, and `is_new` is set to true.
  /// \error kDataLoss if the key had another type or size before, or if the storages are longer
  /// than the file.
  absl::StatusOr<TorchStorage*> Get(absl::string_view key, at::ScalarType type, int64_t elements,
                                    bool* is_new);

  /// Null if Get was not called with this key.
  TorchStorage* Find(absl::string_view key);
  size_t size() const { return storages_.size(); }

 private:
  const uint64_t file_size_;
  uint64_t left_;
  std::map<std::string, TorchStorage, std::less<>> storages_;
};

/// A name of a file for a message, in quotation marks. A long name is shortened, because it can be
/// as long as the file.
std::string ShownName(absl::string_view name);

/// The memory limit for the pickle of a file. The limit is far above what a state dict needs: its
/// tensors take about ten bytes of memory for each byte that describes them.
uint64_t MostPickleMemory(uint64_t file_size);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_TORCH_STORAGES_H_
