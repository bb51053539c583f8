// Tests of the contract of search spaces, run on all registered spaces. A space must support
// super-networks of 2 to 3 cells and 4 channels for images of 16x16 pixels, and derived networks
// for 32x32 pixels.

#include <algorithm>
#include <set>
#include <tuple>

#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/experiment.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/tensor_memory.h"
#include "pdarts/export/graph_network.h"
#include "pdarts/export/inference_graph.h"
#include "pdarts/nn/cost_model.h"
#include "pdarts/nn/network_counts.h"
#include "pdarts/trainers/memory_estimate.h"
#include "pdarts/trainers/super_net_gradients.h"
#include "pdarts/weights/weights.h"
#include "tests/batteries/plugins_of.h"
#include "tests/batteries/tiny_search.h"
#include "torch/csrc/autograd/autograd.h"

namespace pdarts {
namespace {

class SearchSpaceBattery : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<SuperNet> Build(const Candidates& candidates, Kernels kernels = REFERENCE,
                                  uint64_t seed = 1) const {
    SuperNetShape shape;
    shape.cells = 3;
    shape.channels = 4;
    shape.image = {3, 16, 16};
    shape.classes = 5;
    shape.backend = ResolveBackend(kernels, FLOAT64, at::kCPU).value();
    auto super_net = space_->BuildSuperNet(candidates, shape, MakeGenerator(seed, "weights"));
    super_net.value()->to(at::kDouble);  // value() ends the check, but not the program
    super_net.value()->InitializeAlphas(0.5, MakeGenerator(seed, "alphas"));
    return super_net.value();
  }
  std::shared_ptr<SuperNet> Build() const { return Build(space_->InitialCandidates().value()); }

  GradientRequest Request(GradientOf of) const {
    GradientRequest request;
    request.images =
        at::randn({4, 3, 16, 16}, MakeGenerator(1, "images"), at::TensorOptions(at::kDouble));
    request.labels = at::randint(5, {4}, MakeGenerator(1, "labels"), at::TensorOptions(at::kLong));
    request.of = of;
    request.context.masks =
        Masks({/*seed=*/1, /*stage=*/0, /*epoch=*/0, MaskStream::kWeights}, /*first_image=*/0);
    return request;
  }

  /// Keeps the last `keep` candidates of every edge, so that `none` is removed first.
  Candidates Last(size_t keep) const {
    Candidates candidates = space_->InitialCandidates().value();
    for (CellCandidates& kind : candidates) {
      for (EdgeCandidates& edge : kind) {
        edge.erase(edge.begin(), edge.end() - static_cast<int64_t>(std::min(keep, edge.size())));
      }
    }
    return candidates;
  }

  std::shared_ptr<Network> BuildDerived(uint64_t seed) const {
    const auto super_net = Build();
    const auto derived = space_->Derive(super_net->candidates(), super_net->Probabilities(), {});
    return BuildNetwork(derived.value().architecture, seed);
  }

  std::shared_ptr<Network> BuildNetwork(const Architecture& architecture, uint64_t seed) const {
    NetworkShape shape;
    shape.cells = 3;
    shape.channels = 4;
    shape.classes = 5;
    shape.image = {3, 32, 32};
    shape.skeleton = space_->default_network_shape().value().skeleton;
    return space_->BuildNetwork(architecture, shape, MakeGenerator(seed, "weights")).value();
  }

  /// A search with two stages in this space. In the last stage, each edge has two candidates.
  ExperimentSpec TinySpec() const {
    ExperimentSpec spec;
    spec.set_name("tiny");
    *spec.mutable_space() =
        PluginRegistry::Global().DefaultConfig(SearchSpace::kKind, GetParam()).value();
    size_t fewest = SIZE_MAX;
    const Candidates initial = space_->InitialCandidates().value();
    for (const CellCandidates& kind : initial) {
      fewest = std::min(fewest, kind[0].size());
    }
    MakeTiny({std::min<int>(2, static_cast<int>(fewest)), 1}, &spec);
    return spec;
  }

  const std::unique_ptr<SearchSpace> space_ = MakeDefault<SearchSpace>(GetParam());
};

TEST_P(SearchSpaceBattery, TopologyIsAGraphOfNamedOperations) {
  EXPECT_EQ(space_->name(), GetParam());
  ASSERT_FALSE(space_->topology().kinds.empty());
  for (const CellKind& kind : space_->topology().kinds) {
    EXPECT_FALSE(kind.name.empty());
    EXPECT_FALSE(kind.edges.empty());
    for (const Edge& edge : kind.edges) EXPECT_LT(edge.from, edge.to) << kind.name;
    EXPECT_EQ(std::set<std::string>(kind.operations.begin(), kind.operations.end()).size(),
              kind.operations.size());
  }
}

TEST_P(SearchSpaceBattery, ASearchBeginsWithCandidatesOfTheTopology) {
  const auto initial = space_->InitialCandidates();
  EXPECT_TRUE(initial.ok()) << initial.status();
}

TEST_P(SearchSpaceBattery, EverySkeletonHasADefaultSizeThatCanBeBuilt) {
  const auto super_net = Build();
  const auto derived = space_->Derive(super_net->candidates(), super_net->Probabilities(), {});
  ASSERT_TRUE(derived.ok()) << derived.status();
  for (const std::string& skeleton : space_->skeletons()) {
    const auto shape = space_->default_network_shape(skeleton);
    ASSERT_TRUE(shape.ok()) << shape.status();
    EXPECT_EQ(shape->skeleton, skeleton);
    const auto network =
        space_->BuildNetwork(derived->architecture, *shape, MakeGenerator(1, "weights"));
    EXPECT_TRUE(network.ok()) << network.status();
  }
  EXPECT_FALSE(space_->default_network_shape("no such skeleton").ok());
}

TEST_P(SearchSpaceBattery, AnySizeThatIsNotRefusedGivesAScoreForEveryClass) {
  int built = 0;
  for (const auto& [cells, channels, image, classes] :
       std::vector<std::tuple<int, int, ImageShape, int>>{
           {1, 2, {3, 16, 16}, 2}, {4, 4, {1, 16, 24}, 3}, {2, 6, {3, 13, 13}, 7}}) {
    SuperNetShape shape;
    shape.cells = cells;
    shape.channels = channels;
    shape.image = image;
    shape.classes = classes;
    const auto super_net = space_->BuildSuperNet(space_->InitialCandidates().value(), shape,
                                                 MakeGenerator(1, "weights"));
    if (!super_net.ok()) {
      EXPECT_EQ(super_net.status().code(), absl::StatusCode::kInvalidArgument)
          << super_net.status();
      continue;
    }
    ++built;
    (*super_net)->eval();
    const c10::NoGradGuard no_grad;
    const at::Tensor images = at::randn({1, image.channels, image.height, image.width});
    EXPECT_EQ((*super_net)->Forward(images).sizes(), (at::IntArrayRef{1, classes}));
    EXPECT_FALSE((*super_net)->Describe().empty());
  }
  EXPECT_GT(built, 0);
}

TEST_P(SearchSpaceBattery, AlphasBeginAtZeroOneForEachCandidate) {
  const auto super_net =
      space_->BuildSuperNet(Last(2), {2, 4, {3, 16, 16}, 5}, MakeGenerator(1, "weights")).value();
  EXPECT_TRUE(super_net->is_training());
  ASSERT_EQ(super_net->alphas().size(), space_->topology().kinds.size());
  for (size_t k = 0; k < super_net->alphas().size(); ++k) {
    const CellCandidates& edges = super_net->candidates()[k];
    EXPECT_EQ(super_net->alphas()[k].sizes(),
              (at::IntArrayRef{static_cast<int64_t>(edges.size()),
                               static_cast<int64_t>(edges[0].size())}));
    EXPECT_EQ(super_net->alphas()[k].abs().max().item<double>(), 0);
  }
}

TEST_P(SearchSpaceBattery, GradientsReachEveryAlphaAndOnlyWhatIsAskedFor) {
  const auto super_net = Build();
  const GradientResult both = ComputeGradients(*super_net, Request(GradientOf::kBoth));
  EXPECT_EQ(both.logits.sizes(), (at::IntArrayRef{4, 5}));
  ASSERT_EQ(both.alphas.size(), space_->topology().kinds.size());
  ASSERT_EQ(both.weights.size(), super_net->weights().size());
  for (const at::Tensor& gradient : both.alphas) {
    EXPECT_TRUE(gradient.isfinite().all().item<bool>());
    EXPECT_TRUE(gradient.ne(0).all().item<bool>());
  }
  EXPECT_TRUE(ComputeGradients(*super_net, Request(GradientOf::kWeights)).alphas.empty());
  EXPECT_TRUE(ComputeGradients(*super_net, Request(GradientOf::kAlphas)).weights.empty());
}

TEST_P(SearchSpaceBattery, KindsWithoutCellsAreThoseWithoutGradients) {
  for (const int cells : {1, 2, 3, 4}) {
    SuperNetShape shape;
    shape.cells = cells;
    shape.channels = 4;
    shape.image = {3, 16, 16};
    shape.classes = 5;
    const auto built = space_->BuildSuperNet(space_->InitialCandidates().value(), shape,
                                             MakeGenerator(1, "weights"));
    if (!built.ok()) continue;  // a space may need more cells
    (*built)->to(at::kDouble);
    (*built)->InitializeAlphas(0.5, MakeGenerator(1, "alphas"));
    const GradientResult pass = ComputeGradients(**built, Request(GradientOf::kAlphas));
    std::vector<std::string> without;
    for (size_t k = 0; k < pass.alphas.size(); ++k) {
      if (pass.alphas[k].eq(0).all().item<bool>()) {
        without.push_back(space_->topology().kinds[k].name);
      }
    }
    EXPECT_EQ(space_->KindsWithoutCells(cells), without) << cells << " cells";
  }
}

TEST_P(SearchSpaceBattery, WhatMayNotBeDerivedIsNotDerived) {
  for (const std::string& operation : space_->underivable_operations()) {
    EXPECT_FALSE(space_->MayDerive(operation));
    for (const CellKind& kind : space_->topology().kinds) {
      EXPECT_GE(OperationIndex(kind, operation), 0) << operation;
    }
  }
  for (size_t k = 0; k < space_->topology().kinds.size(); ++k) {
    for (const std::string& operation : space_->topology().kinds[k].operations) {
      // Every edge prefers `operation`.
      const Candidates all = AllCandidates(space_->topology());
      EdgeProbabilities probabilities;
      for (size_t kind = 0; kind < all.size(); ++kind) {
        const int preferred = OperationIndex(space_->topology().kinds[kind], operation);
        std::vector<double> p(all[kind][0].size(), 0.01);
        if (preferred >= 0) p[preferred] = 0.9;
        probabilities.emplace_back(all[kind].size(), p);
      }
      const auto derived = space_->Derive(all, probabilities, {});
      ASSERT_TRUE(derived.ok()) << derived.status();
      for (const ArchitectureEdge& edge :
           derived->architecture.cells(static_cast<int>(k)).edges()) {
        EXPECT_EQ(edge.operation() == operation, space_->MayDerive(operation)) << operation;
      }
    }
  }
}

TEST_P(SearchSpaceBattery, OneKindOfGradientEqualsItsPartOfBoth) {
  const auto super_net = Build();
  GradientRequest request = Request(GradientOf::kBoth);
  request.context.update_statistics = false;
  const GradientResult both = ComputeGradients(*super_net, request);
  request.of = GradientOf::kAlphas;
  const GradientResult alphas = ComputeGradients(*super_net, request);
  request.of = GradientOf::kWeights;
  const GradientResult weights = ComputeGradients(*super_net, request);
  for (size_t i = 0; i < both.alphas.size(); ++i) {
    EXPECT_TRUE(both.alphas[i].allclose(alphas.alphas[i], 1e-9, 1e-12));
  }
  for (size_t i = 0; i < both.weights.size(); ++i) {
    EXPECT_TRUE(both.weights[i].allclose(weights.weights[i], 1e-9, 1e-12));
  }
}

TEST_P(SearchSpaceBattery, KernelsAgree) {
  const auto candidates = space_->InitialCandidates().value();
  const auto plain = ComputeGradients(*Build(candidates, REFERENCE), Request(GradientOf::kBoth));
  const auto fused = ComputeGradients(*Build(candidates, FUSED), Request(GradientOf::kBoth));
  EXPECT_TRUE(plain.logits.allclose(fused.logits, 1e-9, 1e-11));
  for (size_t i = 0; i < plain.alphas.size(); ++i) {
    EXPECT_TRUE(plain.alphas[i].allclose(fused.alphas[i], 1e-8, 1e-11)) << "kind " << i;
  }
}

/// The logits and gradients of a network whose activations are stored as bfloat16 are float32. The
/// logits differ from those of float32 by the rounding errors of some hundred values.
TEST_P(SearchSpaceBattery, NetworksTrainInBfloat16) {
  SuperNetShape shape;
  shape.cells = 3;
  shape.channels = 4;
  shape.image = {3, 16, 16};
  shape.classes = 5;
  NetworkShape derived_shape = space_->default_network_shape().value();
  derived_shape.cells = 3;
  derived_shape.channels = 4;
  derived_shape.image = {3, 32, 32};
  const auto super_net = Build();
  const Architecture architecture =
      space_->Derive(super_net->candidates(), super_net->Probabilities(), {}).value().architecture;
  const at::Tensor images = at::randn({4, 3, 32, 32}, MakeGenerator(1, "images"));
  std::vector<at::Tensor> exact;
  for (const Precision precision : {FLOAT32, BFLOAT16}) {
    shape.backend = ResolveBackend(FUSED, precision, at::kCPU).value();
    derived_shape.backend = shape.backend;
    const auto built = space_->BuildSuperNet(space_->InitialCandidates().value(), shape,
                                             MakeGenerator(1, "weights"));
    const auto derived =
        space_->BuildNetwork(architecture, derived_shape, MakeGenerator(1, "weights"));
    const std::vector<at::Tensor> logits = {
        built.value()->Forward(images.slice(2, 0, 16).slice(3, 0, 16)),
        derived.value()->Forward(images).logits};
    const std::vector<std::vector<at::Tensor>> parameters = {built.value()->parameters(),
                                                             derived.value()->parameters()};
    for (size_t i = 0; i < logits.size(); ++i) {
      EXPECT_EQ(logits[i].scalar_type(), at::kFloat);
      const auto gradients =
          torch::autograd::grad({logits[i].sum()}, parameters[i], {}, std::nullopt,
                                /*create_graph=*/false, /*allow_unused=*/true);
      for (const at::Tensor& gradient : gradients) {
        if (!gradient.defined()) continue;
        EXPECT_EQ(gradient.scalar_type(), at::kFloat);
        EXPECT_TRUE(gradient.isfinite().all().item<bool>());
      }
      if (precision == FLOAT32) exact.push_back(logits[i].detach());
      EXPECT_LT((logits[i] - exact[i]).norm().item<double>(), 0.2 * exact[i].norm().item<double>());
    }
  }
}

TEST_P(SearchSpaceBattery, KernelsAgreeWithKnobsTurned) {
  const auto gradients = [&](Kernels kernels) {
    const auto super_net = Build(space_->InitialCandidates().value(), kernels);
    for (const Knob& knob : super_net->knobs()) {
      EXPECT_TRUE(super_net->SetKnob(knob.name, knob.min + 0.3 * (knob.max - knob.min)).ok());
    }
    return ComputeGradients(*super_net, Request(GradientOf::kBoth));
  };
  const auto plain = gradients(REFERENCE), fused = gradients(FUSED);
  EXPECT_TRUE(plain.logits.allclose(fused.logits, 1e-9, 1e-11));
  for (size_t i = 0; i < plain.alphas.size(); ++i) {
    EXPECT_TRUE(plain.alphas[i].allclose(fused.alphas[i], 1e-8, 1e-11)) << "kind " << i;
  }
  for (size_t i = 0; i < plain.weights.size(); ++i) {
    EXPECT_TRUE(plain.weights[i].allclose(fused.weights[i], 1e-8, 1e-11)) << "weight " << i;
  }
}

TEST_P(SearchSpaceBattery, StatisticsMoveOnlyWhenToldTo) {
  const auto super_net = Build();
  const auto sum = [&] {
    double total = 0;
    for (const at::Tensor& buffer : super_net->buffers()) total += buffer.sum().item<double>();
    return total;
  };
  const double before = sum();
  GradientRequest request = Request(GradientOf::kWeights);
  request.context.update_statistics = false;
  ComputeGradients(*super_net, request);
  EXPECT_EQ(sum(), before);
  request.context.update_statistics = true;
  ComputeGradients(*super_net, request);
  EXPECT_NE(sum(), before);
}

TEST_P(SearchSpaceBattery, TheSameGeneratorGivesTheSameWeights) {
  const Candidates all = space_->InitialCandidates().value();
  const auto a = Build(all)->weights(), b = Build(all)->weights();
  const auto c = Build(all, REFERENCE, 2)->weights();
  bool differs = false;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].equal(b[i]));
    differs = differs || !a[i].equal(c[i]);
  }
  EXPECT_TRUE(differs);
}

TEST_P(SearchSpaceBattery, TheSameSeedsGiveTheSameGradients) {
  const auto gradients = [&] {
    const auto super_net = Build(space_->InitialCandidates().value(), FUSED);
    for (const Knob& knob : super_net->knobs()) {
      EXPECT_TRUE(super_net->SetKnob(knob.name, (knob.min + knob.max) / 2).ok());
    }
    return ComputeGradients(*super_net, Request(GradientOf::kBoth));
  };
  const GradientResult a = gradients(), b = gradients();
  EXPECT_TRUE(a.logits.equal(b.logits));
  for (size_t i = 0; i < a.alphas.size(); ++i) EXPECT_TRUE(a.alphas[i].equal(b.alphas[i]));
  for (size_t i = 0; i < a.weights.size(); ++i) EXPECT_TRUE(a.weights[i].equal(b.weights[i]));
}

TEST_P(SearchSpaceBattery, MasksAreThoseOfThePassAndTheKnobsAreTheNetworks) {
  const auto super_net = Build();
  for (const Knob& knob : super_net->knobs()) {
    EXPECT_TRUE(super_net->SetKnob(knob.name, (knob.min + knob.max) / 2).ok());
  }
  GradientRequest request = Request(GradientOf::kAlphas);
  request.context.update_statistics = false;
  const auto logits = [&](int64_t epoch) {
    request.context.masks = Masks({1, 0, epoch, MaskStream::kWeights}, /*first_image=*/0);
    return ComputeGradients(*super_net, request).logits;
  };
  const at::Tensor first = logits(0);
  EXPECT_TRUE(logits(0).equal(first));
  if (FindKnob(super_net->knobs(), kSkipDropoutKnob) == nullptr) return;
  EXPECT_FALSE(logits(1).equal(first)) << "every epoch drops the same";
}

TEST_P(SearchSpaceBattery, WorksDownToOneCandidate) {
  for (size_t keep : {3, 2, 1}) {
    const auto super_net = Build(Last(keep));
    EXPECT_TRUE(
        ComputeGradients(*super_net, Request(GradientOf::kBoth)).loss.isfinite().item<bool>());
    EXPECT_EQ(super_net->alphas()[0].size(1),
              static_cast<int64_t>(super_net->candidates()[0][0].size()));
  }
  const auto super_net = Build(Last(1));
  const auto derived = space_->Derive(super_net->candidates(), super_net->Probabilities(), {});
  ASSERT_TRUE(derived.ok()) << derived.status();
  for (int k = 0; k < derived->architecture.cells_size(); ++k) {
    for (const ArchitectureEdge& edge : derived->architecture.cells(k).edges()) {
      const int last = space_->InitialCandidates().value()[k][0].back();
      EXPECT_EQ(edge.operation(), space_->topology().kinds[k].operations[last]);
    }
  }
}

TEST_P(SearchSpaceBattery, WeightsGoThroughAFileByTheirNames) {
  const std::string path = ::testing::TempDir() + "/" + GetParam() + ".safetensors";
  const auto written = Build(), read = Build(space_->InitialCandidates().value(), REFERENCE, 2);
  ComputeGradients(*written, Request(GradientOf::kWeights));  // changes the running statistics
  absl::Status status = WriteWeights(path, ModuleState(*written));
  ASSERT_TRUE(status.ok()) << status;
  status = LoadWeights(ReadWeightsFile(path)->tensors, path, read.get());
  ASSERT_TRUE(status.ok()) << status;
  const GradientRequest request = Request(GradientOf::kAlphas);
  written->eval();
  read->eval();
  EXPECT_TRUE(written->Forward(request.images).equal(read->Forward(request.images)))
      << "something that is learnt is neither a registered parameter nor a registered buffer";

  const auto trained = BuildDerived(1), loaded = BuildDerived(2);
  const at::Tensor images = at::randn({2, 3, 32, 32}, MakeGenerator(1, "images"));
  trained->Forward(images);
  status = WriteWeights(path, ModuleState(*trained));
  ASSERT_TRUE(status.ok()) << status;
  status = LoadWeights(ReadWeightsFile(path)->tensors, path, loaded.get());
  ASSERT_TRUE(status.ok()) << status;
  trained->eval();
  loaded->eval();
  EXPECT_TRUE(trained->Forward(images).logits.equal(loaded->Forward(images).logits));
}

TEST_P(SearchSpaceBattery, ProbabilitiesAddUpToOneAnEdge) {
  for (const auto& kind : Build()->Probabilities()) {
    for (const auto& edge : kind) {
      double sum = 0;
      for (double p : edge) sum += p;
      EXPECT_NEAR(sum, 1, 1e-12);
    }
  }
}

TEST_P(SearchSpaceBattery, WhatIsDerivedReadsBackFromEveryTextForm) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const auto super_net = Build(space_->InitialCandidates().value(), REFERENCE, seed);
    const auto derived = space_->Derive(super_net->candidates(), super_net->Probabilities(), {});
    ASSERT_TRUE(derived.ok()) << derived.status();
    EXPECT_GT(derived->trace.edges_size(), 0);
    for (const std::string& form : space_->text_forms()) {
      const auto text = space_->Format(derived->architecture, form);
      ASSERT_TRUE(text.ok()) << text.status();
      const auto again = space_->Parse(*text);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(space_->Format(*again, form).value(), *text);
      EXPECT_EQ(again->SerializeAsString(), derived->architecture.SerializeAsString()) << *text;
    }
  }
}

TEST_P(SearchSpaceBattery, DerivingTwiceGivesTheSame) {
  const auto super_net = Build();
  const auto a = space_->Derive(super_net->candidates(), super_net->Probabilities(), {});
  const auto b = space_->Derive(super_net->candidates(), super_net->Probabilities(), {});
  ASSERT_TRUE(a.ok() && b.ok()) << a.status();
  EXPECT_EQ(a->architecture.SerializeAsString(), b->architecture.SerializeAsString());
  EXPECT_EQ(a->trace.SerializeAsString(), b->trace.SerializeAsString());
}

TEST_P(SearchSpaceBattery, LimitsHoldWhereThereIsAnotherChoice) {
  const auto super_net = Build();
  for (size_t k = 0; k < space_->topology().kinds.size(); ++k) {
    const CellKind& kind = space_->topology().kinds[k];
    for (const std::string& operation : kind.operations) {
      if (operation == "none" || kind.operations.size() < 3) continue;
      DerivationOptions options;
      options.limits.push_back({kind.name, operation, /*max=*/1});
      const auto derived =
          space_->Derive(super_net->candidates(), super_net->Probabilities(), options);
      ASSERT_TRUE(derived.ok()) << derived.status();
      const auto& edges = derived->architecture.cells(static_cast<int>(k)).edges();
      EXPECT_LE(std::count_if(
                    edges.begin(), edges.end(),
                    [&](const ArchitectureEdge& edge) { return edge.operation() == operation; }),
                1)
          << kind.name << " cell, " << operation;
    }
  }
}

TEST_P(SearchSpaceBattery, DerivedNetworksTrain) {
  const auto network = BuildDerived(1);
  const at::Tensor logits = network->Forward(at::randn({2, 3, 32, 32})).logits;
  EXPECT_EQ(logits.sizes(), (at::IntArrayRef{2, 5}));
  logits.square().sum().backward();
  for (const auto& item : network->named_parameters()) {
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
  }
}

/// Compares the description of a network with what the network computes.
/// \return false if the network cannot be described.
bool ExpectDescriptionFits(Network* network) {
  const c10::NoGradGuard no_grad;
  const at::Tensor images = at::randn({2, 3, 32, 32}, MakeGenerator(1, "images"));
  network->Forward(images);  // changes the running statistics
  network->eval();
  const absl::StatusOr<NetworkGraph> graph = network->Describe();
  if (absl::IsUnimplemented(graph.status())) return false;
  EXPECT_TRUE(graph.ok()) << graph.status();
  if (!graph.ok()) return true;
  const at::Tensor expected = network->Forward(images).logits;
  for (const NetworkGraph& described : {*graph, InferenceGraph(*graph)}) {
    const at::Tensor logits = MakeGraphNetwork(described, Backend())->Forward(images).logits;
    EXPECT_TRUE(logits.allclose(expected, 1e-3, 1e-4)) << logits << expected;
  }
  // A file of weights and an exported program have the same names.
  std::set<std::string> layers;
  for (const NetworkGraph::Node& node : graph->nodes) layers.insert(LayerName(*graph, node));
  for (const auto& [name, tensor] : ModuleState(*network)) {
    EXPECT_EQ(layers.count(name.substr(0, name.rfind('.'))), 1u) << name;
  }
  return true;
}

TEST_P(SearchSpaceBattery, NetworksThatDescribeThemselvesSayWhatTheyCompute) {
  if (!ExpectDescriptionFits(BuildDerived(1).get())) GTEST_SKIP() << "the network has no export";
}

// The other tests use the operations with which a search begins. A space may have more.
TEST_P(SearchSpaceBattery, EveryOperationCanBeDerivedAndComputed) {
  const std::vector<std::string> underivable = space_->underivable_operations();
  std::vector<EdgeCandidates> operations;  // by cell kind
  size_t most = 0;
  for (const CellKind& kind : space_->topology().kinds) {
    EdgeCandidates& of_kind = operations.emplace_back();
    for (int i = 0; i < static_cast<int>(kind.operations.size()); ++i) {
      const std::string& name = kind.operations[i];
      if (std::count(underivable.begin(), underivable.end(), name) == 0) of_kind.push_back(i);
    }
    ASSERT_FALSE(of_kind.empty()) << kind.name;
    most = std::max(most, of_kind.size());
  }
  for (size_t i = 0; i < most; ++i) {
    Candidates candidates;
    EdgeProbabilities probabilities;
    for (size_t k = 0; k < operations.size(); ++k) {
      const CellKind& kind = space_->topology().kinds[k];
      const int operation = operations[k][i % operations[k].size()];
      candidates.emplace_back(kind.edges.size(), EdgeCandidates{operation});
      probabilities.emplace_back(kind.edges.size(), std::vector<double>{1});
    }
    const int first = candidates[0][0][0];
    SCOPED_TRACE(space_->topology().kinds[0].operations[first]);
    const auto derived = space_->Derive(candidates, probabilities, {});
    ASSERT_TRUE(derived.ok()) << derived.status();
    const auto network = BuildNetwork(derived->architecture, /*seed=*/1);
    const c10::NoGradGuard no_grad;
    const NetworkOutput output = network->Forward(at::zeros({2, 3, 32, 32}));
    EXPECT_EQ(output.logits.sizes(), (at::IntArrayRef{2, 5}));
    EXPECT_TRUE(output.logits.isfinite().all().item<bool>());
    // An operation without a description, such as noise, has no export.
    ExpectDescriptionFits(BuildNetwork(derived->architecture, /*seed=*/1).get());
  }
}

TEST_P(SearchSpaceBattery, AnArchitectureWithoutEdgesIsRefused) {
  const auto super_net = Build();
  const auto derived = space_->Derive(super_net->candidates(), super_net->Probabilities(), {});
  ASSERT_TRUE(derived.ok()) << derived.status();
  ASSERT_TRUE(space_->CheckArchitecture(derived->architecture).ok());
  for (int k = 0; k < derived->architecture.cells_size(); ++k) {
    Architecture without_edges = derived->architecture;
    without_edges.mutable_cells(k)->clear_edges();
    EXPECT_FALSE(space_->CheckArchitecture(without_edges).ok()) << "cell kind " << k;
  }
}

TEST_P(SearchSpaceBattery, MemoryIsEstimated) {
  const absl::StatusOr<Experiment> experiment = MakeExperiment(TinySpec());
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const Candidates candidates = experiment->space->InitialCandidates().value();
  // The estimate is compared with a step that has more images than the steps from which the
  // estimate was made.
  const auto estimate = EstimateStageMemory(*experiment, 0, candidates, {32, 0}, {});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_GT(estimate->batch_memory.per_image, 0);
  EXPECT_GT(estimate->batch_memory.per_evaluation_image, 0);
  const SuperNetShape shape = experiment->StageSuperNetShape(0);
  const at::Tensor images = at::randn({32, 3, shape.image.height, shape.image.width});
  const at::Tensor labels = at::zeros({32}, at::kLong);
  const TensorMemory memory;
  const auto super_net =
      experiment->space->BuildSuperNet(candidates, shape, MakeGenerator(1, "weights"));
  GradientRequest request;
  request.images = images;
  request.labels = labels;
  ComputeGradients(**super_net, request);
  const auto held = static_cast<double>(memory.peak());
  EXPECT_GT(estimate->batch_memory.fixed, 4 * CountParameters(**super_net))
      << "less than the weights themselves";
  const auto expected = static_cast<double>(estimate->batch_memory.Bytes(estimate->batches));
  EXPECT_GT(expected, held);
  EXPECT_LT(expected, 4 * held + 96e6);
}

TEST_P(SearchSpaceBattery, AnInterruptedSearchEndsWhereAWholeOneDoes) {
  // Each of the four epochs has two states after steps and one state at its end. Every second state
  // is after a step without and with training of the alphas, or the end of a stage.
  EXPECT_EQ(ExpectSomeStatesResumeToTheSameEnd(TinySpec(), /*stride=*/2), 12);
}

TEST_P(SearchSpaceBattery, CostsOfOperationsAddUpToThoseOfNetworks) {
  NetworkShape shape = space_->default_network_shape().value();
  shape.channels = 4;
  shape.cells = 3;
  if (space_->operation_places(shape).empty()) GTEST_SKIP() << "the space does not say its places";
  const auto models = nn::CountModels::Make(*space_, shape);
  ASSERT_TRUE(models.ok()) << models.status();
  const at::Generator generator = MakeGenerator(1, "architectures");
  for (int i = 0; i < 3; ++i) {
    const Architecture architecture = RandomArchitecture(*space_, generator).value();
    const NetworkCounts counts = CountNetwork(*space_, architecture, shape).value();
    EXPECT_EQ(models->params.Of(architecture), counts.params);
    EXPECT_EQ(models->macs.Of(architecture), counts.macs);
  }
}

TEST_P(SearchSpaceBattery, OperationsByThemselvesStoreWhatTheBackendSays) {
  c10::NoGradGuard no_grad;
  NetworkShape shape = space_->default_network_shape().value();
  shape.channels = 4;
  const OperationPlaces places = space_->operation_places(shape);
  if (places.empty()) GTEST_SKIP() << "the space does not say its places";
  for (const Precision precision : {FLOAT32, BFLOAT16}) {
    shape.backend = ResolveBackend(FUSED, precision, at::kCPU).value();
    for (size_t k = 0; k < places.size(); ++k) {
      const OperationPlace& place = places[k].front().front();
      const ImageShape& input = place.input;
      for (const std::string& operation : space_->topology().kinds[k].operations) {
        const auto network =
            space_->BuildOperation(operation, place, shape, MakeGenerator(1, "weights"));
        const NetworkOutput output =
            network->Forward(at::zeros({2, input.channels, input.height, input.width}));
        EXPECT_EQ(output.logits.scalar_type(), shape.backend.storage) << operation;
      }
    }
  }
}

TEST_P(SearchSpaceBattery, WrongArgumentsAreErrors) {
  SuperNetShape shape;
  const auto build = [&](const Candidates& candidates, const SuperNetShape& s) {
    return space_->BuildSuperNet(candidates, s, MakeGenerator(1, "weights")).status();
  };
  EXPECT_FALSE(build({}, shape).ok());
  shape.cells = 0;
  EXPECT_FALSE(build(space_->InitialCandidates().value(), shape).ok());
  for (const char* text : {"", "(", "|", "Genotype(", "\xff", "nothing"}) {
    EXPECT_FALSE(space_->Parse(text).ok()) << text;
  }
  const auto super_net = Build();
  EXPECT_EQ(KnobNames(space_->knobs()), KnobNames(super_net->knobs()));
  EXPECT_FALSE(super_net->SetKnob("no such knob", 0).ok());
  for (const Knob& knob : super_net->knobs()) {
    EXPECT_TRUE(super_net->SetKnob(knob.name, knob.min).ok());
    EXPECT_FALSE(super_net->SetKnob(knob.name, knob.max + 1).ok());
  }
  DerivationOptions options;
  options.limits.push_back({"no such cell", "none", 1});
  EXPECT_FALSE(space_->Derive(super_net->candidates(), super_net->Probabilities(), options).ok());
}

TEST_P(SearchSpaceBattery, KnownArchitecturesParse) {
  for (const auto& [name, text] : space_->known_architectures()) {
    EXPECT_TRUE(space_->Parse(text).ok()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, SearchSpaceBattery, PluginsOf<SearchSpace>(), PluginTestName);

}  // namespace
}  // namespace pdarts
