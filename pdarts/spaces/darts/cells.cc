#include "pdarts/spaces/darts/cells.h"

#include <algorithm>
#include <iterator>
#include <string>

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

EdgeCandidates UsualOperations() {
  const std::vector<std::string>& operations = DartsTopology().kinds[kNormal].operations;
  EdgeCandidates usual;
  for (int i = 0; i < static_cast<int>(operations.size()); ++i) {
    if (std::find(std::begin(kOptionalOperations), std::end(kOptionalOperations), operations[i]) ==
        std::end(kOptionalOperations)) {
      usual.push_back(i);
    }
  }
  return usual;
}

std::vector<CellShape> ShapesOfCells(int cells, int64_t channels, int64_t stem_channels,
                                     bool stem_reduces) {
  std::vector<CellShape> cell_shapes;
  CellShape cell_shape;
  cell_shape.input0_channels = stem_channels;
  cell_shape.input1_channels = stem_channels;
  cell_shape.channels = channels;
  bool previous_reduces = stem_reduces;
  for (int i = 0; i < cells; ++i) {
    cell_shape.previous_reduces = previous_reduces;
    cell_shape.reduces = i == cells / 3 || i == 2 * cells / 3;
    if (cell_shape.reduces) cell_shape.channels *= 2;
    cell_shapes.push_back(cell_shape);
    previous_reduces = cell_shape.reduces;
    cell_shape.input0_channels = cell_shape.input1_channels;
    cell_shape.input1_channels = cell_shape.out_channels();
  }
  return cell_shapes;
}

}  // namespace pdarts::darts
