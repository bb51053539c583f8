#include "pdarts/weights/state_dict.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/weights/torch_storages.h"

namespace pdarts {
namespace {

using Dict = PickleValue::Dict;

constexpr absl::string_view kEntries[] = {"state_dict", "model_state_dict", "model",
                                          "net",        "network",          "state_dict_ema"};
constexpr size_t kShownNames = 5;
constexpr int kDeepest = 8;  // maximum depth to which dicts within dicts are searched

const absl::string_view* AsText(const PickleValue& value) {
  return std::get_if<absl::string_view>(&value.value);
}
const at::Tensor* AsTensor(const PickleValue& value) {
  return std::get_if<at::Tensor>(&value.value);
}
const Dict* AsDict(const PickleValue& value) {
  const auto* dict = std::get_if<Dict*>(&value.value);
  return dict == nullptr ? nullptr : *dict;
}

/// The entries of a dict as text for a message: `"epoch" (an integer), "args" (...)`.
class EntryList {
 public:
  void Add(const PickleValue& key, const PickleValue& value) {
    if (++count_ > kShownNames) return;
    const absl::string_view* name = AsText(key);
    shown_.push_back(absl::StrCat(name == nullptr ? Describe(key) : ShownName(*name), " (",
                                  Describe(value), ")"));
  }
  size_t count() const { return count_; }
  std::string Text() const {
    const std::string shown = absl::StrJoin(shown_, ", ");
    return count_ > shown_.size() ? absl::StrCat(shown, " and ", count_ - shown_.size(), " more")
                                  : shown;
  }

 private:
  size_t count_ = 0;
  std::vector<std::string> shown_;
};

class Finder {
 public:
  /// The state dict that is `dict`, or lies in it; null if there is none. Each dict is visited
  /// once, because a dict of a pickle can contain itself.
  const Dict* Find(const Dict& dict, int depth = 0) {
    if (depth == kDeepest || !visited_.insert(&dict).second) return nullptr;
    for (const absl::string_view name : kEntries) {
      for (const auto& [key, value] : dict) {
        const absl::string_view* text = AsText(key);
        const Dict* entry = AsDict(value);
        if (text == nullptr || *text != name || entry == nullptr) continue;
        if (const Dict* found = Find(*entry, depth + 1)) return Chosen(dict, *text, found);
      }
    }
    if (HoldsTensors(dict)) return &dict;
    const std::pair<PickleValue, PickleValue>* only = nullptr;
    for (const auto& entry : dict) {
      const Dict* inner = AsDict(entry.second);
      if (AsText(entry.first) == nullptr || inner == nullptr || !HoldsTensors(*inner)) continue;
      if (only != nullptr) return nullptr;
      only = &entry;
    }
    return only == nullptr ? nullptr : Chosen(dict, *AsText(only->first), AsDict(only->second));
  }
  /// Where the state dict lies, and which other dicts might be meant; empty if the state dict is
  /// the whole pickle.
  std::string Note() const {
    if (path_.empty()) return "";
    return absl::StrCat(
        "the weights are those of the entry ", absl::StrJoin(path_, ", in it "),
        others_.empty() ? "" : absl::StrCat(", not those of ", absl::StrJoin(others_, ", ")));
  }

 private:
  /// The answer is stored, because a dict can occur in many places.
  bool HoldsTensors(const Dict& dict) {
    const auto [found, is_new] = holds_tensors_.emplace(&dict, false);
    if (is_new) {
      found->second = std::any_of(dict.begin(), dict.end(), [](const auto& entry) {
        return AsText(entry.first) != nullptr && AsTensor(entry.second) != nullptr;
      });
    }
    return found->second;
  }
  const Dict* Chosen(const Dict& dict, absl::string_view name, const Dict* found) {
    path_.insert(path_.begin(), ShownName(name));
    for (const auto& [key, value] : dict) {
      const absl::string_view* text = AsText(key);
      const Dict* other = AsDict(value);
      if (text == nullptr || *text == name || other == nullptr || !HoldsTensors(*other)) continue;
      if (others_.size() < kShownNames) others_.push_back(ShownName(*text));
    }
    return found;
  }

  std::set<const Dict*> visited_;
  std::map<const Dict*, bool> holds_tensors_;
  std::vector<std::string> path_, others_;
};

absl::Status NoStateDict(const PickleValue& root) {
  std::string what = Describe(root);
  if (const Dict* dict = AsDict(root)) {
    EntryList entries;
    for (const auto& [key, value] : *dict) entries.Add(key, value);
    what = entries.count() == 0 ? "an empty dict" : absl::StrCat("a dict of ", entries.Text());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("it holds no dict of tensors, but ", what,
                   "; nothing of it was executed. Expected what Python saves with "
                   "torch.save(network.state_dict(), FILE), alone or as one of the entries ",
                   absl::StrJoin(kEntries, ", ")));
}

/// Limits the total memory of the tensors to what the size of the file allows.
class MemoryLimit {
 public:
  explicit MemoryLimit(uint64_t most) : most_(most) {}
  absl::Status Add(uint64_t bytes) {
    taken_ += bytes;
    if (taken_ <= most_) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat("its tensors share storages, or its texts are repeated: copies of them "
                     "take more than ",
                     most_, " bytes"));
  }

 private:
  const uint64_t most_;
  uint64_t taken_ = 0;
};

/// The texts in the attribute kMetadataAttribute of the dict.
absl::StatusOr<WeightsMetadata> Metadata(const Pickle& pickle, const Dict& dict,
                                         MemoryLimit* limit) {
  WeightsMetadata metadata;
  const auto attributes = pickle.attributes.find(&dict);
  if (attributes == pickle.attributes.end()) return metadata;
  for (const auto& [name, value] : *attributes->second) {
    const absl::string_view* text = AsText(name);
    const Dict* entries = AsDict(value);
    if (text == nullptr || *text != kMetadataAttribute || entries == nullptr) continue;
    for (const auto& [key, entry] : *entries) {
      if (AsText(key) == nullptr || AsText(entry) == nullptr) continue;
      PDARTS_RETURN_IF_ERROR(limit->Add(AsText(key)->size() + AsText(entry)->size()));
      metadata.emplace(*AsText(key), *AsText(entry));
    }
    break;
  }
  return metadata;
}

}  // namespace

absl::StatusOr<WeightsFile> FindStateDict(const Pickle& pickle, uint64_t most_memory) {
  Finder finder;
  const Dict* root = AsDict(pickle.root);
  const Dict* dict = root == nullptr ? nullptr : finder.Find(*root);
  if (dict == nullptr) return NoStateDict(pickle.root);
  MemoryLimit limit(most_memory);
  WeightsFile file;
  PDARTS_ASSIGN_OR_RETURN(file.metadata, Metadata(pickle, *dict, &limit));
  if (std::string note = finder.Note(); !note.empty()) file.notes.push_back(std::move(note));
  EntryList left_out;
  std::set<absl::string_view> names;
  for (const auto& [key, value] : *dict) {
    const absl::string_view* name = AsText(key);
    const at::Tensor* tensor = AsTensor(value);
    if (name == nullptr || tensor == nullptr) {
      left_out.Add(key, value);
      continue;
    }
    if (!names.insert(*name).second) {
      return absl::DataLossError(absl::StrCat("two entries are called ", ShownName(*name)));
    }
    // Tensors may share a storage. A copy of the tensors takes memory for each of them.
    PDARTS_RETURN_IF_ERROR(limit.Add(tensor->nbytes()));
    file.tensors.emplace_back(std::string(*name), *tensor);
  }
  if (left_out.count() > 0) {
    file.notes.push_back(
        absl::StrCat("left out entries that are not readable tensors: ", left_out.Text()));
  }
  return file;
}

}  // namespace pdarts
