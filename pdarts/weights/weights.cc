#include "pdarts/weights/weights.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "c10/core/GradMode.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/weights/file_kind.h"
#include "pdarts/weights/safetensors.h"
#include "pdarts/weights/torch_file.h"
#include "torch/nn/module.h"

namespace pdarts {
namespace {

constexpr size_t kShown = 3;
constexpr int kMostWrappers = 8;  // maximum number of wrappers around each other
constexpr absl::string_view kWrapperPrefixes[] = {"module.", "_orig_mod.", "model.", "net.",
                                                  "network."};

/// Appends "2 are missing (a, b)"; appends nothing if there are no entries.
void AddComplaint(const std::vector<std::string>& entries, absl::string_view what,
                  std::vector<std::string>* complaints) {
  if (entries.empty()) return;
  const size_t shown = std::min(kShown, entries.size());
  complaints->push_back(absl::StrCat(
      entries.size(), " ", what, " (",
      absl::StrJoin(entries.begin(), entries.begin() + static_cast<int64_t>(shown), ", "),
      shown < entries.size() ? ", ...)" : ")"));
}

/// Whether `layer` consists of one or more complete parts of the name of an entry, as "b.c" of
/// "a.b.c.weight".
bool IsOfLayer(absl::string_view name, absl::string_view layer) {
  return absl::StrContains(absl::StrCat(".", name, "."), absl::StrCat(".", layer, "."));
}

/// \error kInvalidArgument naming a layer without entries, and the existing layers.
absl::Status CheckLayers(const NamedTensors& state, const std::vector<std::string>& layers) {
  for (const std::string& layer : layers) {
    const auto is_of = [&](const auto& entry) { return IsOfLayer(entry.first, layer); };
    if (!layer.empty() && std::any_of(state.begin(), state.end(), is_of)) continue;
    std::set<std::string> known;
    for (const auto& entry : state) known.insert(entry.first.substr(0, entry.first.find('.')));
    return absl::InvalidArgumentError(
        absl::StrCat("\"", layer, "\" is not a layer of the network; the layers are ",
                     absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

std::string Shape(const at::Tensor& tensor) {
  return absl::StrCat("[", absl::StrJoin(tensor.sizes(), ","), "]");
}

/// The first kKindBytes of a file, or all of it.
absl::StatusOr<std::string> Beginning(const std::string& path) {
  // The file is not read with a stream, because a stream waits if the path leads to a named pipe.
  PDARTS_ASSIGN_OR_RETURN(const FileDescriptor file,
                          OpenRegularFile(AT_FDCWD, path, O_RDONLY, path));
  std::string bytes(kKindBytes, '\0');
  const ssize_t size = pread(file.number(), bytes.data(), bytes.size(), 0);
  if (size < 0) return SystemError("read", path);
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

/// The prefix that ReadWeightsFile removes from all names; empty if the names have no such prefix
/// in common.
std::string WrapperPrefix(const NamedTensors& tensors) {
  std::string prefix;
  for (int depth = 0; depth < kMostWrappers && !tensors.empty(); ++depth) {
    const auto* found = std::find_if(
        std::begin(kWrapperPrefixes), std::end(kWrapperPrefixes), [&](absl::string_view wrapper) {
          const std::string longer = absl::StrCat(prefix, wrapper);
          return std::all_of(tensors.begin(), tensors.end(), [&](const auto& entry) {
            return absl::StartsWith(entry.first, longer) && entry.first.size() > longer.size();
          });
        });
    if (found == std::end(kWrapperPrefixes)) break;
    absl::StrAppend(&prefix, *found);
  }
  return prefix;
}

}  // namespace

NamedTensors ModuleState(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

absl::StatusOr<WeightsFile> ReadWeightsFile(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const std::string beginning, Beginning(path));
  absl::StatusOr<WeightsFile> file;
  if (IsSafetensors(beginning)) {
    file = ReadSafetensors(path);
  } else if (absl::StartsWith(beginning, "PK\x03\x04")) {
    file = ReadTorchFile(path);
  } else if (IsLegacyTorchFile(beginning)) {
    file = ReadLegacyTorchFile(path);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is ", DescribeFileKind(beginning),
                     "; expected weights: safetensors or a file of Python's torch.save"));
  }
  if (!file.ok()) return file;
  const std::string prefix = WrapperPrefix(file->tensors);
  if (!prefix.empty()) {
    for (auto& [name, tensor] : file->tensors) name.erase(0, prefix.size());
    file->notes.push_back(
        absl::StrCat("all names begin with \"", prefix, "\", which was removed from them"));
  }
  return file;
}

absl::StatusOr<std::string> EncodeWeights(const std::string& path, const NamedTensors& tensors,
                                          WeightsMetadata metadata) {
  absl::StatusOr<std::string> content;
  if (absl::EndsWith(path, ".safetensors")) {
    metadata.emplace("format", "pt");  // as Python's library writes it for torch
    content = EncodeSafetensors(tensors, metadata);
  } else if (absl::EndsWith(path, ".pt") || absl::EndsWith(path, ".pth")) {
    content = EncodeTorchFile(tensors, metadata);
  } else {
    content = absl::InvalidArgumentError("expected a name that ends in .safetensors, .pt or .pth");
  }
  if (!content.ok()) return Annotate(content.status(), path);
  return content;
}

absl::Status WriteWeights(const std::string& path, const NamedTensors& tensors,
                          const WeightsMetadata& metadata) {
  PDARTS_ASSIGN_OR_RETURN(const std::string content, EncodeWeights(path, tensors, metadata));
  return WriteFileAtomically(path, content);
}

absl::Status LoadWeights(const NamedTensors& tensors, const std::string& file,
                         torch::nn::Module* module, const std::vector<std::string>& except) {
  std::map<std::string, at::Tensor> given(tensors.begin(), tensors.end());
  NamedTensors state = ModuleState(*module);
  if (WrapperPrefix(tensors).empty()) {
    const std::string prefix = WrapperPrefix(state);
    for (auto& [name, target] : state) name.erase(0, prefix.size());
  }
  PDARTS_RETURN_IF_ERROR(CheckLayers(state, except));
  const auto stays = [&](const auto& entry) {
    return std::any_of(except.begin(), except.end(),
                       [&](const std::string& layer) { return IsOfLayer(entry.first, layer); });
  };
  state.erase(std::remove_if(state.begin(), state.end(), stays), state.end());
  std::vector<std::string> missing, unexpected, misshapen;
  std::set<std::string> known;
  for (const auto& [name, target] : state) {
    known.insert(name);
    const auto found = given.find(name);
    if (found == given.end()) {
      missing.push_back(name);
    } else if (found->second.sizes() != target.sizes()) {
      misshapen.push_back(
          absl::StrCat(name, " is ", Shape(found->second), ", expected ", Shape(target)));
    } else if (!found->second.is_floating_point()) {
      misshapen.push_back(absl::StrCat(name, " is not a floating-point tensor"));
    }
  }
  for (const auto& entry : tensors) {
    const std::string& name = entry.first;
    if (known.count(name) == 0 && !absl::EndsWith(name, "num_batches_tracked") && !stays(entry)) {
      unexpected.push_back(name);
    }
  }
  std::vector<std::string> complaints;
  AddComplaint(missing, "are missing", &complaints);
  AddComplaint(unexpected, "are unexpected", &complaints);
  AddComplaint(misshapen, "have another shape", &complaints);
  if (!complaints.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " does not hold the weights of this network, which has ", state.size(),
                     " entries: ", absl::StrJoin(complaints, "; ")));
  }
  c10::NoGradGuard no_grad;
  for (const auto& [name, target] : state) target.copy_(given.at(name));
  return absl::OkStatus();
}

}  // namespace pdarts
