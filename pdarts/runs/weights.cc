#include "pdarts/runs/weights.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "c10/core/GradMode.h"
#include "pdarts/core/file.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/atomic_file.h"
#include "pdarts/runs/safetensors.h"
#include "pdarts/runs/torch_file.h"
#include "torch/nn/module.h"

namespace pdarts {
namespace {

constexpr size_t kShown = 3;

/// "2 are missing (a, b)"; nothing if there are none.
void AddComplaint(const std::vector<std::string>& entries, absl::string_view what,
                  std::vector<std::string>* complaints) {
  if (entries.empty()) return;
  const size_t shown = std::min(kShown, entries.size());
  complaints->push_back(absl::StrCat(
      entries.size(), " ", what, " (",
      absl::StrJoin(entries.begin(), entries.begin() + static_cast<int64_t>(shown), ", "),
      shown < entries.size() ? ", ...)" : ")"));
}

/// Whether `layer` is one or more whole parts of an entry's name: "b.c" of "a.b.c.weight".
bool IsOfLayer(absl::string_view name, absl::string_view layer) {
  return absl::StrContains(absl::StrCat(".", name, "."), absl::StrCat(".", layer, "."));
}

/// \error kInvalidArgument naming a layer that no entry is of, and the layers that there are.
absl::Status CheckLayers(const NamedTensors& state, const std::vector<std::string>& layers) {
  for (const std::string& layer : layers) {
    const auto is_of = [&](const auto& entry) { return IsOfLayer(entry.first, layer); };
    if (!layer.empty() && std::any_of(state.begin(), state.end(), is_of)) continue;
    std::set<std::string> known;
    for (const auto& entry : state) known.insert(entry.first.substr(0, entry.first.find('.')));
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", layer, "\" is no layer of the network; the layers are ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

std::string Shape(const at::Tensor& tensor) {
  return absl::StrCat("[", absl::StrJoin(tensor.sizes(), ","), "]");
}

}  // namespace

NamedTensors ModuleState(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

absl::StatusOr<WeightsFile> ReadWeightsFile(const std::string& path) {
  char magic[4] = {};
  {
    // Not by a stream, which waits where the path is that of a named pipe.
    const absl::StatusOr<FileDescriptor> file = OpenRegularFile(AT_FDCWD, path, O_RDONLY, path);
    if (!file.ok()) return file.status();
    if (pread(file->number(), magic, sizeof(magic), 0) < 0) return SystemError("read", path);
  }
  const bool is_zip = absl::string_view(magic, sizeof(magic)) == "PK\x03\x04";
  WeightsFile file;
  PDARTS_ASSIGN_OR_RETURN(file.tensors,
                          is_zip ? ReadTorchFile(path) : ReadSafetensors(path, &file.metadata));
  return file;
}

absl::StatusOr<NamedTensors> ReadWeights(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(WeightsFile file, ReadWeightsFile(path));
  return std::move(file.tensors);
}

absl::StatusOr<std::string> EncodeWeights(const std::string& path, const NamedTensors& tensors,
                                          std::map<std::string, std::string> metadata) {
  absl::StatusOr<std::string> content;
  if (absl::EndsWith(path, ".safetensors")) {
    metadata.emplace("format", "pt");
    content = EncodeSafetensors(tensors, metadata);
  } else if (absl::EndsWith(path, ".pt") || absl::EndsWith(path, ".pth")) {
    content = EncodeTorchFile(tensors);
  } else {
    content = absl::InvalidArgumentError("expected a name that ends in .safetensors, .pt or .pth");
  }
  if (!content.ok()) return Annotate(content.status(), path);
  return content;
}

absl::Status WriteWeights(const std::string& path, const NamedTensors& tensors) {
  PDARTS_ASSIGN_OR_RETURN(const std::string content, EncodeWeights(path, tensors));
  return WriteFileAtomically(path, content);
}

absl::Status LoadWeights(const NamedTensors& tensors, const std::string& file,
                         torch::nn::Module* module, const std::vector<std::string>& except) {
  std::map<std::string, at::Tensor> given(tensors.begin(), tensors.end());
  NamedTensors state = ModuleState(*module);
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
      misshapen.push_back(absl::StrCat(name, " is no floating-point tensor"));
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
        absl::StrCat(file, " doesn't hold the weights of this network, which has ", state.size(),
                     " entries: ", absl::StrJoin(complaints, "; ")));
  }
  c10::NoGradGuard no_grad;
  for (const auto& [name, target] : state) target.copy_(given.at(name));
  return absl::OkStatus();
}

}  // namespace pdarts
