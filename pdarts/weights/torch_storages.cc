#include "pdarts/weights/torch_storages.h"

#include "ATen/ops/empty.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "pdarts/weights/element_types.h"

namespace pdarts {
namespace {

constexpr uint64_t kMemoryOfAny = 1 << 20;
constexpr uint64_t kMemoryPerByte = 32;
constexpr size_t kShown = 80;

}  // namespace

absl::StatusOr<TorchStorage*> TorchStorages::Get(absl::string_view key, at::ScalarType type,
                                                 int64_t elements, bool* is_new) {
  *is_new = false;
  if (TorchStorage* known = Find(key)) {
    if (known->type == type && known->elements == elements) return known;
    return absl::DataLossError(
        absl::StrCat("storage ", ShownName(key), " is of two types or sizes"));
  }
  if (elements < 0 || static_cast<uint64_t>(elements) > file_size_ / c10::elementSize(type)) {
    return absl::DataLossError(absl::StrCat("storage ", ShownName(key), " has ", elements,
                                            " elements, but the file is too short for them"));
  }
  TorchStorage storage{type, elements, {}};
  if (IsElementType(type)) {
    if (storage.bytes() > left_)
      return absl::DataLossError("its storages are longer than the file");
    left_ -= storage.bytes();
    storage.data = at::empty({elements}, type);
  }
  *is_new = true;
  return &storages_.emplace(std::string(key), std::move(storage)).first->second;
}

TorchStorage* TorchStorages::Find(absl::string_view key) {
  const auto found = storages_.find(key);
  return found == storages_.end() ? nullptr : &found->second;
}

std::string ShownName(absl::string_view name) {
  return absl::StrCat("\"", absl::CHexEscape(name.substr(0, kShown)), "\"");
}

uint64_t MostPickleMemory(uint64_t file_size) { return kMemoryOfAny + kMemoryPerByte * file_size; }

}  // namespace pdarts
