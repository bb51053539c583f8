#include "tests/device/parity_checks.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "ATen/Context.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros_like.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/seconds_since.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/nn/operation.h"
#include "pdarts/trainers/search_step.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "pdarts/weights/weights.h"
#include "tests/parity/reference.h"
#include "torch/csrc/api/include/torch/utils.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts::parity {
namespace {

/// The tolerance of float32 results. LibTorch must not round to TF32.
constexpr double kFloatTolerance = 1e-3;
/// The tolerance of losses in bfloat16.
constexpr double kBFloat16Tolerance = 0.05;
/// The tolerance of the state after two search steps, in which Adam divides gradients by their own
/// size.
constexpr double kStepsTolerance = 1e-8;
/// The tolerance of float32 weights and alphas after seven steps. Adam moves an alpha by its
/// learning rate even if the gradient is rounding noise.
constexpr double kRecordedTolerance = 1e-2;

/// The share of the largest gradient that is the minimum scale for smaller gradients.
constexpr double kNoiseShare = 1e-3;

std::string PrecisionName(Precision precision) {
  return absl::AsciiStrToLower(Precision_Name(precision));
}

absl::StatusOr<std::unique_ptr<SearchSpace>> Space(const std::string& name) {
  return Registry<SearchSpace>::CreateDefault(name);
}

/// Loads the weights of a fixture in float64, and moves the module to the device and the type of
/// the backend.
absl::Status LoadModule(const NamedTensors& state, const std::string& file, const Backend& backend,
                        torch::nn::Module* module) {
  module->to(at::kDouble);
  PDARTS_RETURN_IF_ERROR(LoadWeights({state.begin(), state.end()}, file, module));
  module->to(backend.device, backend.parameters);
  return absl::OkStatus();
}

/// Images or labels in the form that a network of the backend takes.
at::Tensor Input(const at::Tensor& tensor, const Backend& backend) {
  return tensor.is_floating_point() ? tensor.to(backend.device, backend.parameters)
                                    : tensor.to(backend.device);
}

/// Gradients by the names of the parameters.
NamedTensors Named(const SuperNet& super_net, const GradientResult& result) {
  NamedTensors named;
  const std::vector<at::Tensor> weights = super_net.weights();
  for (const auto& entry : super_net.named_parameters()) {
    for (size_t i = 0; i < result.weights.size(); ++i) {
      if (weights[i].is_same(entry.value())) named[entry.key()] = result.weights[i];
    }
    for (size_t k = 0; k < result.alphas.size(); ++k) {
      if (super_net.alphas()[k].is_same(entry.value())) named[entry.key()] = result.alphas[k];
    }
  }
  return named;
}

// --- fixtures ---

struct SuperNetFixture {
  const char* space;
  const char* file;
};

constexpr SuperNetFixture kSuperNets[] = {{"darts", "pdarts_supernet_stage1"},
                                          {"darts", "pdarts_supernet_stage2"},
                                          {"darts", "pdarts_supernet_stage3"},
                                          {"nasbench201", "nb201_supernet"}};

/// The super-network of a fixture, with its weights.
absl::StatusOr<std::shared_ptr<SuperNet>> BuildSuperNet(const SuperNetFixture& fixture,
                                                        const Dict& file, const Backend& backend) {
  PDARTS_ASSIGN_OR_RETURN(const auto space, Space(fixture.space));
  const bool is_darts = fixture.space == std::string("darts");
  const Dict config = file.GetDict("config");
  SuperNetShape shape;
  shape.cells = static_cast<int>(config.GetInt(is_darts ? "layers" : "cells_per_block"));
  shape.channels = static_cast<int>(config.GetInt("channels"));
  shape.classes = static_cast<int>(config.GetInt("classes"));
  shape.backend = backend;
  Candidates candidates = AllCandidates(space->topology());
  if (is_darts) {
    candidates = {FromSwitches(file.GetTensor("switches_normal")),
                  FromSwitches(file.GetTensor("switches_reduce"))};
  }
  PDARTS_ASSIGN_OR_RETURN(std::shared_ptr<SuperNet> super_net,
                          space->BuildSuperNet(candidates, shape, MakeGenerator(1, "weights")));
  PDARTS_RETURN_IF_ERROR(
      LoadModule(file.GetNamedTensors("state_dict"), fixture.file, backend, super_net.get()));
  return super_net;
}

absl::Status CheckSuperNet(const SuperNetFixture& fixture, Kernels kernels, Precision precision,
                           c10::Device device, Comparison* comparison) {
  PDARTS_ASSIGN_OR_RETURN(const Backend backend, ResolveBackend(kernels, precision, device));
  const Dict file = Dict::Load(absl::StrCat(fixture.file, ".pt"));
  PDARTS_ASSIGN_OR_RETURN(const auto super_net, BuildSuperNet(fixture, file, backend));
  GradientRequest request;
  request.images = Input(file.GetTensor("input"), backend);
  request.labels = Input(file.GetTensor("target"), backend);
  const GradientResult result = ComputeGradients(*super_net, request);
  comparison->Add("loss", result.loss, file.GetTensor("loss"));
  if (precision == BFLOAT16) return absl::OkStatus();
  comparison->Add("logits_train", result.logits, file.GetTensor("logits_train"));
  if (precision == FLOAT64) {
    comparison->AddAll("gradient of ", Named(*super_net, result), file.GetNamedTensors("grads"),
                       kNoiseShare);
    comparison->AddAll("after the pass ", State(*super_net), file.GetNamedTensors("running_after"));
  }
  torch::NoGradGuard no_grad;
  super_net->eval();
  comparison->Add("logits_eval", super_net->Forward(request.images), file.GetTensor("logits_eval"));
  return absl::OkStatus();
}

struct NetworkFixture {
  const char* file;
  const char* skeleton;
};

constexpr NetworkFixture kNetworks[] = {
    {"derived_cifar", "cifar"}, {"derived_cifar_2", "cifar"}, {"derived_imagenet", "imagenet"}};

constexpr double kAuxiliaryWeight = 0.4;
constexpr double kImageNetSmoothing = 0.1;

/// Compares a network with the tensors of a fixture: a pass in training mode, its gradients in
/// float64, and one in evaluation mode.
absl::Status CheckNetwork(Network& network, const Dict& file, double smoothing,
                          const Backend& backend, Comparison* comparison) {
  const at::Tensor input = Input(file.GetTensor("input"), backend);
  const at::Tensor target = Input(file.GetTensor("target"), backend);
  const auto loss_of = [&](const at::Tensor& logits) {
    return at::cross_entropy_loss(logits, target, /*weight=*/{}, at::Reduction::Mean,
                                  /*ignore_index=*/-100, smoothing);
  };
  const NetworkOutput output = network.Forward(input);
  at::Tensor loss = loss_of(output.logits);
  if (output.auxiliary.defined()) loss = loss + kAuxiliaryWeight * loss_of(output.auxiliary);
  comparison->Add("logits_train", output.logits, file.GetTensor("logits_train"));
  comparison->Add("loss", loss, file.GetTensor("loss"));
  if (backend.parameters == at::kDouble) {
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters;
    for (const auto& entry : network.named_parameters()) {
      names.push_back(entry.key());
      parameters.push_back(entry.value());
    }
    const std::vector<at::Tensor> gradients =
        torch::autograd::grad({loss}, parameters, /*grad_outputs=*/{},
                              /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                              /*allow_unused=*/true);
    NamedTensors named;
    for (size_t i = 0; i < names.size(); ++i) {
      // Layers whose output goes only to `none` have no gradient here, but zeros in the fixtures.
      named[names[i]] = gradients[i].defined() ? gradients[i] : at::zeros_like(parameters[i]);
    }
    comparison->AddAll("gradient of ", named, file.GetNamedTensors("grads"), kNoiseShare);
    comparison->AddAll("after the pass ", State(network), file.GetNamedTensors("running_after"));
  }
  torch::NoGradGuard no_grad;
  network.eval();
  comparison->Add("logits_eval", network.Forward(input).logits, file.GetTensor("logits_eval"));
  return absl::OkStatus();
}

absl::Status CheckDartsNetwork(const NetworkFixture& fixture, Kernels kernels, Precision precision,
                               c10::Device device, Comparison* comparison) {
  PDARTS_ASSIGN_OR_RETURN(const Backend backend, ResolveBackend(kernels, precision, device));
  const Dict file = Dict::Load(absl::StrCat(fixture.file, ".pt"));
  const Dict config = file.GetDict("config");
  PDARTS_ASSIGN_OR_RETURN(const auto space, Space("darts"));
  Architecture architecture;
  architecture.set_space(space->name());
  *architecture.add_cells() = file.GetDict("genotype").GetCell("normal");
  *architecture.add_cells() = file.GetDict("genotype").GetCell("reduce");
  const at::Tensor input = file.GetTensor("input");
  NetworkShape shape;
  shape.skeleton = fixture.skeleton;
  shape.cells = static_cast<int>(config.GetInt("layers"));
  shape.channels = static_cast<int>(config.GetInt("channels"));
  shape.classes = static_cast<int>(config.GetInt("classes"));
  shape.image = {3, static_cast<int>(input.size(2)), static_cast<int>(input.size(3))};
  shape.auxiliary_head = true;
  shape.backend = backend;
  PDARTS_ASSIGN_OR_RETURN(const auto network,
                          space->BuildNetwork(architecture, shape, MakeGenerator(1, "weights")));
  PDARTS_RETURN_IF_ERROR(
      LoadModule(file.GetNamedTensors("state_dict"), fixture.file, backend, network.get()));
  const double smoothing = shape.skeleton == "imagenet" ? kImageNetSmoothing : 0;
  return CheckNetwork(*network, file, smoothing, backend, comparison);
}

absl::Status CheckNasBench201Networks(Kernels kernels, Precision precision, c10::Device device,
                                      Comparison* comparison) {
  PDARTS_ASSIGN_OR_RETURN(const Backend backend, ResolveBackend(kernels, precision, device));
  const Dict file = Dict::Load("nb201_derived.pt");
  const Dict config = file.GetDict("config");
  PDARTS_ASSIGN_OR_RETURN(const auto space, Space("nasbench201"));
  NetworkShape shape;
  shape.cells = static_cast<int>(config.GetInt("cells_per_block"));
  shape.channels = static_cast<int>(config.GetInt("channels"));
  shape.classes = static_cast<int>(config.GetInt("classes"));
  shape.backend = backend;
  for (const Dict& one : file.GetDicts("nets")) {
    PDARTS_ASSIGN_OR_RETURN(const Architecture architecture, space->Parse(one.GetString("arch")));
    PDARTS_ASSIGN_OR_RETURN(const auto network,
                            space->BuildNetwork(architecture, shape, MakeGenerator(1, "weights")));
    PDARTS_RETURN_IF_ERROR(
        LoadModule(one.GetNamedTensors("state_dict"), "nb201_derived", backend, network.get()));
    PDARTS_RETURN_IF_ERROR(CheckNetwork(*network, one, /*smoothing=*/0, backend, comparison));
  }
  return absl::OkStatus();
}

// --- operations ---

struct OperationCase {
  std::string name;
  int64_t stride = 1;
  std::shared_ptr<nn::Operation> (*make)(const OperationCase&, const Backend&) = nullptr;
};

constexpr int64_t kChannels = 8;

std::shared_ptr<nn::Operation> MakeDartsOperation(const OperationCase& one,
                                                  const Backend& backend) {
  nn::OperationOptions options;
  options.channels = kChannels;
  options.stride = one.stride;
  options.pool_batch_norm = true;
  options.backend = backend;
  options.generator = MakeGenerator(1, "weights");
  return nn::MakeOperation(one.name, options);
}

/// nor_conv_1x1 and nor_conv_3x3, as the super-network of NAS-Bench-201 has them.
template <int64_t kKernel>
std::shared_ptr<nn::Operation> MakeDenseOperation(const OperationCase&, const Backend& backend) {
  return nn::MakeReluConvBn(kChannels, kChannels, kKernel, /*stride=*/1, /*bias=*/true,
                            /*affine=*/false, backend, MakeGenerator(1, "weights"));
}

std::vector<OperationCase> OperationCases() {
  std::vector<OperationCase> cases;
  for (const char* name : {"none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3",
                           "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "noise"}) {
    for (const int64_t stride : {1, 2}) cases.push_back({name, stride, &MakeDartsOperation});
  }
  cases.push_back({"nor_conv_1x1", 1, &MakeDenseOperation<1>});
  cases.push_back({"nor_conv_3x3", 1, &MakeDenseOperation<3>});
  return cases;
}

/// The results of an operation on a backend, by name: its output, and the gradients of its input
/// and of its weights.
NamedTensors OperationResults(const OperationCase& one, const Backend& backend) {
  const std::shared_ptr<nn::Operation> operation = one.make(one, backend);
  operation->to(backend.device, backend.parameters);
  const at::Generator data = MakeGenerator(1, "data");
  const at::Tensor x = at::randn({6, kChannels, 12, 12}, data, at::TensorOptions(at::kDouble))
                           .to(backend.device, backend.parameters)
                           .set_requires_grad(true);
  const at::Tensor y = operation->Forward(x, ForwardContext());
  NamedTensors results = {{"output", y.detach()}};
  if (!y.requires_grad()) return results;  // `none` and `noise`
  const at::Tensor weights =
      at::randn(y.sizes(), data, at::TensorOptions(at::kDouble)).to(y.options());
  std::vector<std::string> names = {"input"};
  std::vector<at::Tensor> inputs = {x};
  for (const auto& entry : operation->named_parameters()) {
    names.push_back(entry.key());
    inputs.push_back(entry.value());
  }
  const std::vector<at::Tensor> gradients = torch::autograd::grad({y}, inputs, {weights});
  for (size_t i = 0; i < names.size(); ++i) {
    results[absl::StrCat("gradient of ", names[i])] = gradients[i];
  }
  return results;
}

absl::Status CheckOperation(const OperationCase& one, Precision precision, c10::Device device,
                            Comparison* comparison) {
  PDARTS_ASSIGN_OR_RETURN(const Backend backend, ResolveBackend(FUSED, precision, device));
  PDARTS_ASSIGN_OR_RETURN(const Backend cpu, ResolveBackend(REFERENCE, FLOAT64, c10::kCPU));
  comparison->AddAll("", OperationResults(one, backend), OperationResults(one, cpu), kNoiseShare);
  return absl::OkStatus();
}

// --- batches ---

/// Compares augmented batches that the loader makes for the device with those that it makes on the
/// CPU. The batches are those of a search, or those of a training, whose augmentation has cutout.
absl::Status CheckBatches(bool of_training, c10::Device device, Comparison* comparison) {
  PDARTS_ASSIGN_OR_RETURN(const auto dataset, Registry<Dataset>::CreateDefault("synthetic"));
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, dataset->Load(LoadOptions()));
  SearchSettings search;
  TrainSettings training;
  PDARTS_RETURN_IF_ERROR(CompleteSpec(&search));
  PDARTS_RETURN_IF_ERROR(CompleteSpec(&training));
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                          of_training ? Transforms::ForTraining(training, data.info)
                                      : Transforms::ForSearch(search, data.info));
  LoaderOptions options;
  options.batch_size = 32;
  options.seed = 3;
  options.purpose = "weights";
  std::unique_ptr<Loader> loaders[2];
  for (std::unique_ptr<Loader>& loader : loaders) {
    PDARTS_ASSIGN_OR_RETURN(loader, Loader::Create(data.train, at::arange(80), transforms,
                                                   data.info, at::kFloat, options));
  }
  for (int batch = 0; batch < 3; ++batch) {  // the last one is smaller
    PDARTS_ASSIGN_OR_RETURN(const Batch actual, loaders[0]->NextOn(device));
    PDARTS_ASSIGN_OR_RETURN(const Batch expected, loaders[1]->Next());
    comparison->Add(absl::StrCat("images of batch ", batch), actual.images, expected.images);
    comparison->Add(absl::StrCat("labels of batch ", batch), actual.labels, expected.labels);
  }
  return absl::OkStatus();
}

// --- search steps ---

/// The results of a few search steps of a small super-network: parameters, buffers and losses.
/// Masks of dropout and of drop path must be equal on all backends.
absl::StatusOr<NamedTensors> StepResults(const std::string& space_name, const Backend& backend,
                                         const SearchSettings& settings, int steps) {
  PDARTS_ASSIGN_OR_RETURN(const auto space, Space(space_name));
  SuperNetShape shape;
  shape.cells = 3;
  shape.channels = 4;
  shape.image = {3, 16, 16};
  shape.backend = backend;
  PDARTS_ASSIGN_OR_RETURN(const Candidates candidates, space->InitialCandidates());
  PDARTS_ASSIGN_OR_RETURN(const auto super_net,
                          space->BuildSuperNet(candidates, shape, MakeGenerator(1, "weights")));
  super_net->InitializeAlphas(0.1, MakeGenerator(1, "alphas"));
  super_net->to(backend.device, backend.parameters);
  for (const Knob& knob : space->knobs())
    PDARTS_RETURN_IF_ERROR(super_net->SetKnob(knob.name, 0.25));
  SearchStep step(super_net, settings, /*seed=*/7, /*stage=*/1);
  if (settings.cuda_graphs() == ON && backend.device.is_cuda() && step.warm_ups() == 0) {
    return absl::FailedPreconditionError("the device records no steps");
  }
  const at::Generator data = MakeGenerator(1, "data");
  NamedTensors results;
  for (int i = 0; i < steps; ++i) {
    Batch batches[2];
    for (Batch& batch : batches) {
      batch.images =
          Input(at::randn({6, 3, 16, 16}, data, at::TensorOptions(at::kDouble)), backend);
      batch.labels = Input(at::randint(10, {6}, data, at::kLong), backend);
      batch.first_image = int64_t{6} * i;
    }
    PDARTS_ASSIGN_OR_RETURN(const GradientResult of_alphas,
                            step.TrainAlphas(batches[0], batches[1], /*learning_rate=*/0.025));
    PDARTS_ASSIGN_OR_RETURN(const GradientResult of_weights,
                            step.TrainWeights(batches[0], /*learning_rate=*/0.025));
    results[absl::StrCat("loss of the alphas in step ", i)] = of_alphas.loss.clone();
    results[absl::StrCat("loss of the weights in step ", i)] = of_weights.loss.clone();
  }
  for (const auto& [name, tensor] : State(*super_net)) results[name] = tensor.detach();
  return results;
}

absl::Status CheckSteps(const std::string& space, Kernels kernels, c10::Device device,
                        Comparison* comparison) {
  PDARTS_ASSIGN_OR_RETURN(const Backend backend, ResolveBackend(kernels, FLOAT64, device));
  PDARTS_ASSIGN_OR_RETURN(const Backend cpu, ResolveBackend(REFERENCE, FLOAT64, c10::kCPU));
  const SearchSettings settings;
  constexpr int kSteps = 2;
  PDARTS_ASSIGN_OR_RETURN(const NamedTensors actual, StepResults(space, backend, settings, kSteps));
  PDARTS_ASSIGN_OR_RETURN(const NamedTensors expected, StepResults(space, cpu, settings, kSteps));
  comparison->AddAll("after the steps ", actual, expected);
  return absl::OkStatus();
}

/// Compares steps that a CUDA device repeats from a recording with steps that the device computes
/// one operation at a time. Only a CUDA device records steps.
absl::Status CheckRecordedSteps(const std::string& space, c10::Device device,
                                Comparison* comparison) {
  PDARTS_ASSIGN_OR_RETURN(const Backend backend, ResolveBackend(FUSED, FLOAT32, device));
  SearchSettings recorded, eager;
  recorded.set_cuda_graphs(ON);
  eager.set_cuda_graphs(OFF);
  constexpr int kSteps = 7;  // three warm-up steps, and replays
  PDARTS_ASSIGN_OR_RETURN(const NamedTensors actual, StepResults(space, backend, recorded, kSteps));
  PDARTS_ASSIGN_OR_RETURN(const NamedTensors expected, StepResults(space, backend, eager, kSteps));
  comparison->AddAll("after the steps ", actual, expected);
  return absl::OkStatus();
}

/// The smallest networks of each space.
bool IsQuick(absl::string_view file, Precision precision) {
  return file == "pdarts_supernet_stage1" || (file == "nb201_derived" && precision == FLOAT64);
}

}  // namespace

void Comparison::Add(absl::string_view what, const at::Tensor& actual, const at::Tensor& expected,
                     double least_scale) {
  double deviation = std::numeric_limits<double>::infinity();
  if (actual.defined() && actual.sizes() == expected.sizes() && expected.numel() > 0) {
    const at::Tensor a = actual.detach().to(at::kCPU).to(at::kDouble);
    const at::Tensor b = expected.detach().to(at::kCPU).to(at::kDouble);
    const double scale = std::max(b.abs().max().item<double>(), least_scale);
    const double difference = (a - b).abs().max().item<double>();
    const double found = scale == 0 ? difference : difference / scale;
    if (std::isfinite(found)) deviation = found;
  }
  if (compared_ == 0 || deviation > largest_) {
    largest_ = deviation;
    where_ = std::string(what);
  }
  ++compared_;
}

void Comparison::AddAll(absl::string_view what, const std::map<std::string, at::Tensor>& actual,
                        const std::map<std::string, at::Tensor>& expected, double share) {
  double largest = 0;
  for (const auto& [name, tensor] : expected) {
    largest = std::max(largest, tensor.detach().to(at::kCPU).abs().max().item<double>());
  }
  for (const auto& [name, tensor] : expected) {
    const auto found = actual.find(name);
    Add(absl::StrCat(what, name), found == actual.end() ? at::Tensor() : found->second, tensor,
        share * largest);
  }
}

std::vector<ParityCheck> ParityChecks(c10::Device device) {
  std::vector<ParityCheck> checks;
  const auto tolerance_of = [](Precision precision) {
    switch (precision) {
      case FLOAT64:
        return kTolerance;
      case FLOAT32:
        return kFloatTolerance;
      default:
        return kBFloat16Tolerance;
    }
  };
  for (const Precision precision : {FLOAT64, FLOAT32}) {
    for (const OperationCase& one : OperationCases()) {
      checks.push_back({absl::StrCat("operation/", one.name, "/stride", one.stride, "/",
                                     PrecisionName(precision)),
                        tolerance_of(precision), [=](Comparison* comparison) {
                          return CheckOperation(one, precision, device, comparison);
                        }});
    }
  }
  for (const bool of_training : {false, true}) {
    checks.push_back(
        {of_training ? "batches/training" : "batches/search", kTolerance,
         [=](Comparison* comparison) { return CheckBatches(of_training, device, comparison); }});
  }
  for (const Kernels kernels : {FUSED, REFERENCE}) {
    for (const char* space : {"darts", "nasbench201"}) {
      checks.push_back(
          {absl::StrCat("steps/", space, "/float64/", KernelsName(kernels)), kStepsTolerance,
           [=](Comparison* comparison) { return CheckSteps(space, kernels, device, comparison); }});
    }
  }
  for (const char* space : {"darts", "nasbench201"}) {
    checks.push_back(
        {absl::StrCat("steps/", space, "/float32/recorded"), kRecordedTolerance,
         [=](Comparison* comparison) { return CheckRecordedSteps(space, device, comparison); }});
  }
  // On a device, FUSED becomes the kernels that searches use there. REFERENCE is checked only in
  // float64.
  for (const auto& [kernels, precision] :
       {std::pair{FUSED, FLOAT64}, {REFERENCE, FLOAT64}, {FUSED, FLOAT32}, {FUSED, BFLOAT16}}) {
    // Lambdas cannot capture structured bindings.
    const Kernels k = kernels;
    const Precision p = precision;
    const auto add = [&](absl::string_view file, std::function<absl::Status(Comparison*)> run) {
      checks.push_back({absl::StrCat("fixture/", file, "/", PrecisionName(p), "/", KernelsName(k)),
                        tolerance_of(p), std::move(run),
                        /*is_quick=*/k == FUSED && IsQuick(file, p)});
    };
    for (const SuperNetFixture& fixture : kSuperNets) {
      add(fixture.file,
          [=](Comparison* comparison) { return CheckSuperNet(fixture, k, p, device, comparison); });
    }
    if (p == BFLOAT16) continue;
    for (const NetworkFixture& fixture : kNetworks) {
      add(fixture.file, [=](Comparison* comparison) {
        return CheckDartsNetwork(fixture, k, p, device, comparison);
      });
    }
    add("nb201_derived",
        [=](Comparison* comparison) { return CheckNasBench201Networks(k, p, device, comparison); });
  }
  return checks;
}

CheckResult RunCheck(const ParityCheck& check) {
  // TF32 rounds the factors of products to 10 bits. By default LibTorch uses it in convolutions.
  at::Context& context = at::globalContext();
  const bool tf32 = context.allowTF32CuDNN();
  context.setAllowTF32CuDNN(false);
  const absl::Cleanup restore = [&] { context.setAllowTF32CuDNN(tf32); };

  CheckResult result;
  result.name = check.name;
  result.tolerance = check.tolerance;
  const auto begin = std::chrono::steady_clock::now();
  Comparison comparison;
  const absl::Status status = CatchLibTorchErrors([&] { return check.run(&comparison); });
  result.seconds = SecondsSince(begin);
  result.compared = comparison.compared();
  result.deviation = comparison.largest();
  result.where = comparison.where();
  if (!status.ok()) result.error = std::string(status.message());
  return result;
}

std::string JsonLine(const CheckResult& result) {
  const std::string deviation = std::isfinite(result.deviation)
                                    ? absl::StrFormat("%.3g", result.deviation)
                                    : std::string("null");
  return absl::StrFormat(
      R"({"check": %s, "passed": %s, "deviation": %s, "tolerance": %.3g, "compared": %d, )"
      R"("where": %s, "seconds": %.3f, "error": %s})",
      JsonText(result.name), result.passed() ? "true" : "false", deviation, result.tolerance,
      result.compared, JsonText(result.where), result.seconds, JsonText(result.error));
}

}  // namespace pdarts::parity
