// What every search space must do, run over all that are registered.

#include <set>

#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/random.h"
#include "pdarts/core/search_space.h"
#include "tests/batteries/plugins_of.h"

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
    shape.kernels = kernels;
    auto net = space_->BuildSuperNet(candidates, shape, MakeGenerator(seed, "weights"));
    EXPECT_TRUE(net.ok()) << net.status();
    (*net)->to(at::kDouble);
    (*net)->InitializeAlphas(0.5, MakeGenerator(seed, "alphas"));
    return *net;
  }
  std::shared_ptr<SuperNet> Build() const { return Build(AllCandidates(space_->topology())); }

  GradientRequest Request(GradientOf of) const {
    GradientRequest request;
    request.images =
        at::randn({4, 3, 16, 16}, MakeGenerator(1, "images"), at::TensorOptions(at::kDouble));
    request.labels = at::randint(5, {4}, MakeGenerator(1, "labels"), at::TensorOptions(at::kLong));
    request.of = of;
    return request;
  }

  /// The last `keep` candidates of every edge, so that a space's `none` goes first.
  Candidates Last(size_t keep) const {
    Candidates candidates = AllCandidates(space_->topology());
    for (CellCandidates& kind : candidates) {
      for (EdgeCandidates& edge : kind) edge.erase(edge.begin(), edge.end() - keep);
    }
    return candidates;
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

TEST_P(SearchSpaceBattery, GradientsReachEveryAlphaAndOnlyWhatIsAskedFor) {
  const auto net = Build();
  const GradientResult both = net->Gradients(Request(GradientOf::kBoth));
  EXPECT_EQ(both.logits.sizes(), (at::IntArrayRef{4, 5}));
  ASSERT_EQ(both.alphas.size(), space_->topology().kinds.size());
  ASSERT_EQ(both.weights.size(), net->weights().size());
  for (const at::Tensor& gradient : both.alphas) {
    EXPECT_TRUE(gradient.isfinite().all().item<bool>());
    EXPECT_TRUE(gradient.ne(0).all().item<bool>());
  }
  EXPECT_TRUE(net->Gradients(Request(GradientOf::kWeights)).alphas.empty());
  EXPECT_TRUE(net->Gradients(Request(GradientOf::kAlphas)).weights.empty());
}

TEST_P(SearchSpaceBattery, OneKindOfGradientEqualsItsPartOfBoth) {
  const auto net = Build();
  GradientRequest request = Request(GradientOf::kBoth);
  request.update_statistics = false;
  const GradientResult both = net->Gradients(request);
  request.of = GradientOf::kAlphas;
  const GradientResult alphas = net->Gradients(request);
  request.of = GradientOf::kWeights;
  const GradientResult weights = net->Gradients(request);
  for (size_t i = 0; i < both.alphas.size(); ++i) {
    EXPECT_TRUE(both.alphas[i].allclose(alphas.alphas[i], 1e-9, 1e-12));
  }
  for (size_t i = 0; i < both.weights.size(); ++i) {
    EXPECT_TRUE(both.weights[i].allclose(weights.weights[i], 1e-9, 1e-12));
  }
}

TEST_P(SearchSpaceBattery, KernelsAgree) {
  const auto candidates = AllCandidates(space_->topology());
  const auto plain = Build(candidates, REFERENCE)->Gradients(Request(GradientOf::kBoth));
  const auto fused = Build(candidates, FUSED)->Gradients(Request(GradientOf::kBoth));
  EXPECT_TRUE(plain.logits.allclose(fused.logits, 1e-9, 1e-11));
  for (size_t i = 0; i < plain.alphas.size(); ++i) {
    EXPECT_TRUE(plain.alphas[i].allclose(fused.alphas[i], 1e-8, 1e-11)) << "kind " << i;
  }
}

TEST_P(SearchSpaceBattery, KernelsAgreeWithKnobsTurned) {
  const auto gradients = [&](Kernels kernels) {
    const auto net = Build(AllCandidates(space_->topology()), kernels);
    for (const Knob& knob : net->knobs()) {
      EXPECT_TRUE(net->SetKnob(knob.name, knob.min + 0.3 * (knob.max - knob.min)).ok());
    }
    net->set_generator(MakeGenerator(1, "dropout"));
    return net->Gradients(Request(GradientOf::kBoth));
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
  const auto net = Build();
  const auto sum = [&] {
    double total = 0;
    for (const at::Tensor& buffer : net->buffers()) total += buffer.sum().item<double>();
    return total;
  };
  const double before = sum();
  GradientRequest request = Request(GradientOf::kWeights);
  request.update_statistics = false;
  net->Gradients(request);
  EXPECT_EQ(sum(), before);
  request.update_statistics = true;
  net->Gradients(request);
  EXPECT_NE(sum(), before);
}

TEST_P(SearchSpaceBattery, TheSameGeneratorGivesTheSameWeights) {
  const Candidates all = AllCandidates(space_->topology());
  const auto a = Build(all)->weights(), b = Build(all)->weights();
  const auto c = Build(all, REFERENCE, 2)->weights();
  bool differs = false;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].equal(b[i]));
    differs = differs || !a[i].equal(c[i]);
  }
  EXPECT_TRUE(differs);
}

TEST_P(SearchSpaceBattery, WorksDownToOneCandidate) {
  for (size_t keep : {3, 2, 1}) {
    const auto net = Build(Last(keep));
    EXPECT_TRUE(net->Gradients(Request(GradientOf::kBoth)).loss.isfinite().item<bool>());
    EXPECT_EQ(net->alphas()[0].size(1), static_cast<int64_t>(keep));
  }
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
    const auto net = Build(AllCandidates(space_->topology()), REFERENCE, seed);
    const auto derived = space_->Derive(net->candidates(), net->Probabilities(), {});
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

TEST_P(SearchSpaceBattery, DerivedNetworksTrain) {
  const auto net = Build();
  const auto derived = space_->Derive(net->candidates(), net->Probabilities(), {});
  ASSERT_TRUE(derived.ok());
  NetworkShape shape;
  shape.cells = 3;
  shape.channels = 4;
  shape.classes = 5;
  shape.image = {3, 32, 32};
  const auto network =
      space_->BuildNetwork(derived->architecture, shape, MakeGenerator(1, "weights"));
  ASSERT_TRUE(network.ok()) << network.status();
  const at::Tensor logits = (*network)->Forward(at::randn({2, 3, 32, 32})).logits;
  EXPECT_EQ(logits.sizes(), (at::IntArrayRef{2, 5}));
  logits.square().sum().backward();
  EXPECT_TRUE((*network)->parameters()[0].grad().defined());
}

TEST_P(SearchSpaceBattery, WrongArgumentsAreErrors) {
  SuperNetShape shape;
  const auto build = [&](const Candidates& candidates, const SuperNetShape& s) {
    return space_->BuildSuperNet(candidates, s, MakeGenerator(1, "weights")).status();
  };
  EXPECT_FALSE(build({}, shape).ok());
  shape.cells = 0;
  EXPECT_FALSE(build(AllCandidates(space_->topology()), shape).ok());
  for (const char* text : {"", "(", "|", "Genotype(", "\xff", "nothing"}) {
    EXPECT_FALSE(space_->Parse(text).ok()) << text;
  }
  const auto net = Build();
  EXPECT_FALSE(net->SetKnob("no such knob", 0).ok());
  for (const Knob& knob : net->knobs()) {
    EXPECT_TRUE(net->SetKnob(knob.name, knob.min).ok());
    EXPECT_FALSE(net->SetKnob(knob.name, knob.max + 1).ok());
  }
  DerivationOptions options;
  options.limits.push_back({"no such cell", "none", 1});
  EXPECT_FALSE(space_->Derive(net->candidates(), net->Probabilities(), options).ok());
}

TEST_P(SearchSpaceBattery, KnownArchitecturesParse) {
  for (const auto& [name, text] : space_->known_architectures()) {
    EXPECT_TRUE(space_->Parse(text).ok()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, SearchSpaceBattery, PluginsOf<SearchSpace>(), PluginTestName);

}  // namespace
}  // namespace pdarts
