#include "pdarts/trainers/training_state.h"

#include <map>
#include <utility>

#include "ATen/ops/cat.h"
#include "ATen/ops/isfinite.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "torch/nn/module.h"

namespace pdarts {
namespace {

void Put(const std::string& name, const at::Tensor& tensor, TrainingState* state) {
  const bool is_new = state->tensors.emplace(name, tensor.detach()).second;
  CHECK(is_new) << "two tensors of a state are called " << name;
}

absl::StatusOr<at::Tensor> Find(const TrainingState& state, const std::string& name) {
  const auto found = state.tensors.find(name);
  if (found == state.tensors.end()) {
    return absl::DataLossError(absl::StrCat("the state holds no tensor ", name));
  }
  return found->second;
}

/// Copies a tensor of the state into `tensor`, which keeps its address and its strides.
absl::Status CopyInto(const TrainingState& state, const std::string& name, at::Tensor tensor) {
  PDARTS_ASSIGN_OR_RETURN(const at::Tensor saved, Find(state, name));
  if (saved.sizes() != tensor.sizes() || saved.scalar_type() != tensor.scalar_type()) {
    std::ostringstream message;
    message << name << " is " << saved.scalar_type() << " " << saved.sizes() << " in the state, "
            << tensor.scalar_type() << " " << tensor.sizes() << " is expected";
    return absl::DataLossError(message.str());
  }
  c10::NoGradGuard no_grad;
  tensor.copy_(saved);
  return absl::OkStatus();
}

std::string Name(absl::string_view prefix, absl::string_view name) {
  return absl::StrCat(prefix, "/", name);
}

void SaveList(const std::vector<at::Tensor>& list, const std::string& name, TrainingState* state) {
  for (size_t i = 0; i < list.size(); ++i) Put(absl::StrCat(name, "/", i), list[i], state);
}

absl::Status LoadList(const TrainingState& state, const std::string& name,
                      const std::vector<at::Tensor>& list) {
  for (size_t i = 0; i < list.size(); ++i) {
    PDARTS_RETURN_IF_ERROR(CopyInto(state, absl::StrCat(name, "/", i), list[i]));
  }
  return absl::OkStatus();
}

}  // namespace

void SaveModule(const torch::nn::Module& module, absl::string_view name, TrainingState* state) {
  for (const auto& item : module.named_parameters()) {
    Put(Name(name, item.key()), item.value(), state);
  }
  for (const auto& item : module.named_buffers()) {
    Put(Name(name, item.key()), item.value(), state);
  }
}

absl::Status LoadModule(const TrainingState& state, absl::string_view name,
                        torch::nn::Module* module) {
  for (const auto& item : module->named_parameters()) {
    PDARTS_RETURN_IF_ERROR(CopyInto(state, Name(name, item.key()), item.value()));
  }
  for (const auto& item : module->named_buffers()) {
    PDARTS_RETURN_IF_ERROR(CopyInto(state, Name(name, item.key()), item.value()));
  }
  return absl::OkStatus();
}

void SaveOptimizer(const Sgd& sgd, absl::string_view name, TrainingState* state) {
  SaveList(sgd.momentum(), Name(name, "momentum"), state);
}

absl::Status LoadOptimizer(const TrainingState& state, absl::string_view name, Sgd* sgd) {
  return LoadList(state, Name(name, "momentum"), sgd->momentum());
}

void SaveOptimizer(const Adam& adam, absl::string_view name, TrainingState* state) {
  SaveList(adam.means(), Name(name, "means"), state);
  SaveList(adam.squares(), Name(name, "squares"), state);
  SaveList(adam.steps(), Name(name, "steps"), state);
}

absl::Status LoadOptimizer(const TrainingState& state, absl::string_view name, Adam* adam) {
  PDARTS_RETURN_IF_ERROR(LoadList(state, Name(name, "means"), adam->means()));
  PDARTS_RETURN_IF_ERROR(LoadList(state, Name(name, "squares"), adam->squares()));
  return LoadList(state, Name(name, "steps"), adam->steps());
}

void SaveLossScale(const LossScale& scale, absl::string_view name, TrainingState* state) {
  if (!scale.scales()) return;
  Put(Name(name, "loss_scale"), scale.scale(), state);
  Put(Name(name, "loss_scale_steps"), scale.steps().to(at::kLong), state);
}

absl::Status LoadLossScale(const TrainingState& state, absl::string_view name, LossScale* scale) {
  if (!scale->scales()) return absl::OkStatus();
  PDARTS_RETURN_IF_ERROR(CopyInto(state, Name(name, "loss_scale"), scale->scale()));
  const at::Tensor steps = scale->steps().to(at::kLong);
  PDARTS_RETURN_IF_ERROR(CopyInto(state, Name(name, "loss_scale_steps"), steps));
  c10::NoGradGuard no_grad;
  scale->steps().copy_(steps);
  return absl::OkStatus();
}

void SaveGenerator(const at::Generator& generator, absl::string_view name, TrainingState* state) {
  Put(Name(name, "generator"), generator.get_state(), state);
}

absl::Status LoadGenerator(const TrainingState& state, absl::string_view name,
                           at::Generator* generator) {
  PDARTS_ASSIGN_OR_RETURN(const at::Tensor saved, Find(state, Name(name, "generator")));
  try {
    generator->set_state(saved);
  } catch (const c10::Error& error) {
    return absl::DataLossError(
        absl::StrCat(Name(name, "generator"), ": ", error.what_without_backtrace()));
  }
  return absl::OkStatus();
}

void MoveToHost(TrainingState* state) {
  std::map<std::pair<std::string, at::ScalarType>, std::vector<at::Tensor*>> groups;
  for (auto& [name, tensor] : state->tensors) {
    if (tensor.device().is_cpu()) continue;
    groups[{tensor.device().str(), tensor.scalar_type()}].push_back(&tensor);
  }
  c10::NoGradGuard no_grad;
  for (const auto& [place, tensors] : groups) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor* tensor : tensors) flat.push_back(tensor->reshape({-1}));
    const at::Tensor host = at::cat(flat).to(at::kCPU);
    int64_t begin = 0;
    for (at::Tensor* tensor : tensors) {
      const int64_t size = tensor->numel();
      *tensor = host.narrow(0, begin, size).view(tensor->sizes());
      begin += size;
    }
  }
}

std::string FirstNotFinite(const TrainingState& state) {
  for (const auto& [name, tensor] : state.tensors) {
    if (tensor.is_floating_point() && !at::isfinite(tensor).all().item<bool>()) return name;
  }
  return "";
}

}  // namespace pdarts
