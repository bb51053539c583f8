#include "pdarts/spaces/darts/cells.h"

namespace pdarts::darts {

const Topology& DartsTopology() {
  static const Topology* const topology = [] {
    CellKind kind;
    kind.operations = {kNone,          "max_pool_3x3", "avg_pool_3x3",
                       "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
                       "dil_conv_3x3", "dil_conv_5x5", kNoise};
    for (int to = kInputNodes; to < kNodes; ++to) {
      for (int from = 0; from < to; ++from) kind.edges.push_back({from, to});
    }
    auto* made = new Topology;
    kind.name = "normal";
    made->kinds.push_back(kind);
    kind.name = "reduce";
    made->kinds.push_back(kind);
    return made;
  }();
  return *topology;
}

std::vector<CellPlan> PlanCells(int cells, int64_t channels, int64_t stem_channels,
                                bool stem_reduces) {
  std::vector<CellPlan> plans;
  CellPlan plan;
  plan.input0_channels = stem_channels;
  plan.input1_channels = stem_channels;
  plan.channels = channels;
  bool previous_reduces = stem_reduces;
  for (int i = 0; i < cells; ++i) {
    plan.previous_reduces = previous_reduces;
    plan.reduces = i == cells / 3 || i == 2 * cells / 3;
    if (plan.reduces) plan.channels *= 2;
    plans.push_back(plan);
    previous_reduces = plan.reduces;
    plan.input0_channels = plan.input1_channels;
    plan.input1_channels = plan.out_channels();
  }
  return plans;
}

}  // namespace pdarts::darts
