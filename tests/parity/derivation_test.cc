// Compares the pruning between stages and the derivation of genotypes, at every skip limit, with
// the reference.

#include "ATen/ops/softmax.h"
#include "ATen/ops/tensor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "tests/parity/reference.h"

namespace pdarts::parity {
namespace {

using google::protobuf::Struct;

std::unique_ptr<SearchSpace> Space() {
  google::protobuf::Any config;
  config.PackFrom(darts::DartsSpaceConfig());
  return Registry<SearchSpace>::Create(config).value();
}

/// Softmax of each row.
std::vector<std::vector<double>> Probabilities(const std::vector<std::vector<double>>& alphas) {
  std::vector<std::vector<double>> probabilities;
  for (const std::vector<double>& row : alphas) {
    const at::Tensor p = at::softmax(at::tensor(row, at::kDouble), 0).contiguous();
    probabilities.emplace_back(p.data_ptr<double>(), p.data_ptr<double>() + p.numel());
  }
  return probabilities;
}

TEST(Derivation, IsTheReferencesAtEverySkipLimit) {
  const auto space = Space();
  int limited = 0;
  const std::vector<Struct> cases = ReadJsonLines("discretization.jsonl");
  ASSERT_FALSE(cases.empty());
  for (const Struct& one : cases) {
    const Candidates candidates = {FromSwitches(Matrix(Field(one, "switches_normal"))),
                                   FromSwitches(Matrix(Field(one, "switches_reduce")))};
    const EdgeProbabilities probabilities = {Matrix(Field(one, "probs_normal")),
                                             Matrix(Field(one, "probs_reduce"))};
    const int num_skip = static_cast<int>(Field(one, "num_skip").number_value());
    const Struct& genotype = Field(one, "genotype").struct_value();
    const Struct& restricted = Field(one, "restricted").struct_value();
    EXPECT_EQ(restricted.fields_size(), num_skip);
    for (int max = 8; max >= 0; --max) {
      const Struct& expected =
          max >= num_skip ? genotype : Field(restricted, absl::StrCat(max)).struct_value();
      limited += max < num_skip;
      const auto derivation =
          space->Derive(candidates, probabilities, {{{"normal", "skip_connect", max}}});
      ASSERT_TRUE(derivation.ok()) << derivation.status();
      for (int kind : {0, 1}) {
        const std::string name = space->topology().kinds[kind].name;
        EXPECT_EQ(derivation->architecture.cells(kind).SerializeAsString(),
                  Cell(Field(expected, name), name).SerializeAsString())
            << "case " << Field(one, "id").number_value() << " ("
            << Field(one, "kind").string_value() << "), at most " << max << " skips, " << name;
      }
    }
  }
  EXPECT_GT(limited, static_cast<int>(cases.size())) << "limits were tested";
}

TEST(Pruning, IsTheReferencesInEveryStage) {
  const auto space = Space();
  int stages[4] = {};
  for (const Struct& one : ReadJsonLines("stage_pruning.jsonl")) {
    const std::string where = absl::StrCat("case ", Field(one, "id").number_value());
    const int stage = static_cast<int>(Field(one, "stage").number_value());
    ++stages[stage];
    const CellCandidates before = FromSwitches(Matrix(Field(one, "switches_in")));
    const CellCandidates after = FromSwitches(Matrix(Field(one, "switches_out")));
    const auto p = Probabilities(Matrix(Field(one, "alphas")));
    if (stage < 3) {
      const auto kept = KeepMostProbable({before}, {p}, stage == 1 ? 5 : 3);
      ASSERT_TRUE(kept.ok()) << kept.status();
      EXPECT_EQ((*kept)[0], after) << where;
      continue;
    }
    // The candidate that the last stage leaves on an edge is the one that the derivation chooses.
    const auto derivation = space->Derive({before, before}, {p, p}, {});
    ASSERT_TRUE(derivation.ok()) << derivation.status();
    const CellKind& kind = space->topology().kinds[0];
    CellCandidates chosen(kind.edges.size());
    for (const EdgeDecision& edge : derivation->trace.edges()) {
      if (edge.cell_kind() != kind.name) continue;
      chosen[edge.edge()] = {OperationIndex(kind, edge.operation())};
    }
    EXPECT_EQ(chosen, after) << where;
  }
  for (int stage : {1, 2, 3}) EXPECT_GT(stages[stage], 0) << stage;
}

}  // namespace
}  // namespace pdarts::parity
