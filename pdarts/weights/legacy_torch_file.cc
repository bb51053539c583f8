#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pdarts/base/file.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/weights/restricted_unpickler.h"
#include "pdarts/weights/state_dict.h"
#include "pdarts/weights/torch_file.h"
#include "pdarts/weights/torch_storages.h"

namespace pdarts {
namespace {

constexpr absl::string_view kMagicNumber = "\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr int64_t kProtocolVersion = 1001;

/// Removes the pickle of the magic number from the bytes.
bool ConsumeMagicNumber(absl::string_view* bytes) {
  if (bytes->size() < 2 || (*bytes)[0] != '\x80') return false;
  bytes->remove_prefix(2);  // and the protocol of the pickle
  if (absl::StartsWith(*bytes, "\x95")) bytes->remove_prefix(std::min<size_t>(9, bytes->size()));
  return absl::ConsumePrefix(bytes, kMagicNumber);
}

absl::StatusOr<at::Tensor> NoStorage(absl::string_view, at::ScalarType, int64_t) {
  return absl::DataLossError("a storage stands where none belongs");
}

// Each of the following statements removes one pickle from the bytes. The values of a pickle are
// freed before the next pickle is read, so their memory does not add up.

absl::Status ReadVersion(absl::string_view* bytes, uint64_t most_memory) {
  PDARTS_ASSIGN_OR_RETURN(const Pickle version, Unpickle(bytes, most_memory, &NoStorage));
  const auto* number = std::get_if<int64_t>(&version.root.value);
  if (number != nullptr && *number == kProtocolVersion) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a file of torch.save in an unknown version of the format, expected ", kProtocolVersion));
}

/// Reads the state dict. Its storages are allocated, but not filled yet.
absl::StatusOr<WeightsFile> ReadStateDict(absl::string_view* bytes, uint64_t most_memory,
                                          TorchStorages* storages) {
  const auto allocate = [&](absl::string_view key, at::ScalarType type,
                            int64_t elements) -> absl::StatusOr<at::Tensor> {
    bool is_new;
    PDARTS_ASSIGN_OR_RETURN(const TorchStorage* storage,
                            storages->Get(key, type, elements, &is_new));
    return storage->data;
  };
  PDARTS_ASSIGN_OR_RETURN(const Pickle pickle, Unpickle(bytes, most_memory, allocate));
  return FindStateDict(pickle, most_memory);
}

absl::StatusOr<std::vector<std::string>> ReadKeys(absl::string_view* bytes, uint64_t most_memory) {
  PDARTS_ASSIGN_OR_RETURN(const Pickle pickle, Unpickle(bytes, most_memory, &NoStorage));
  const auto* list = std::get_if<PickleValue::List*>(&pickle.root.value);
  if (list == nullptr) return absl::DataLossError("there is no list of storages");
  std::vector<std::string> keys;
  std::set<absl::string_view> known;
  for (const PickleValue& value : **list) {
    const auto* key = std::get_if<absl::string_view>(&value.value);
    if (key == nullptr) return absl::DataLossError("the key of a storage is not text");
    if (!known.insert(*key).second) {
      return absl::DataLossError(absl::StrCat("storage ", ShownName(*key), " occurs twice"));
    }
    keys.emplace_back(*key);
  }
  return keys;
}

/// Fills a storage with its bytes, and removes these from `bytes`.
absl::Status Fill(absl::string_view* bytes, const std::string& key, TorchStorage* storage) {
  if (bytes->size() < 8 || storage->bytes() > bytes->size() - 8) {
    return absl::DataLossError(absl::StrCat("truncated: it ends within storage ", ShownName(key)));
  }
  const uint64_t elements = ReadLittleEndian(bytes->substr(0, 8));
  if (elements != static_cast<uint64_t>(storage->elements)) {
    return absl::DataLossError(absl::StrCat("storage ", ShownName(key), " has ", elements,
                                            " elements, expected ", storage->elements));
  }
  bytes->remove_prefix(8);
  if (storage->data.defined() && storage->bytes() > 0) {
    std::memcpy(storage->data.mutable_data_ptr(), bytes->data(), storage->bytes());
  }
  bytes->remove_prefix(storage->bytes());
  return absl::OkStatus();
}

absl::StatusOr<WeightsFile> Read(absl::string_view bytes) {
  const uint64_t most_memory = MostPickleMemory(bytes.size());
  TorchStorages storages(bytes.size());
  if (!ConsumeMagicNumber(&bytes)) {
    return absl::InvalidArgumentError("not a file of torch.save before PyTorch 1.6");
  }
  PDARTS_RETURN_IF_ERROR(ReadVersion(&bytes, most_memory));
  // This pickle holds the sizes of C types on the computer that wrote the file. The format does not
  // depend on them.
  PDARTS_RETURN_IF_ERROR(Unpickle(&bytes, most_memory, &NoStorage).status());
  PDARTS_ASSIGN_OR_RETURN(WeightsFile file, ReadStateDict(&bytes, most_memory, &storages));
  const uint64_t kept = kTensorMemory * (file.tensors.size() + storages.size());
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                          ReadKeys(&bytes, most_memory - std::min(kept, most_memory)));
  for (const std::string& key : keys) {
    TorchStorage* storage = storages.Find(key);
    if (storage == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("storage ", ShownName(key),
                       " is of an unknown type, so that its end and what follows cannot be found"));
    }
    PDARTS_RETURN_IF_ERROR(Fill(&bytes, key, storage));
  }
  if (keys.size() != storages.size()) {
    return absl::DataLossError(
        absl::StrCat("of its ", storages.size(), " storages only ", keys.size(), " have bytes"));
  }
  return file;
}

}  // namespace

bool IsLegacyTorchFile(absl::string_view beginning) { return ConsumeMagicNumber(&beginning); }

absl::StatusOr<WeightsFile> ReadLegacyTorchFile(const std::string& path) {
  return CatchLibTorchErrors([&]() -> absl::StatusOr<WeightsFile> {
    PDARTS_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
    absl::StatusOr<WeightsFile> file = Read(content);
    if (!file.ok()) return Annotate(file.status(), path);
    return file;
  });
}

}  // namespace pdarts
