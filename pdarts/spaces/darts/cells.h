#ifndef PDARTS_SPACES_DARTS_CELLS_H_
#define PDARTS_SPACES_DARTS_CELLS_H_

#include <cstdint>
#include <vector>

#include "pdarts/core/topology.h"

namespace pdarts::darts {

/// Cell kinds, as indices into the topology.
enum CellKindIndex { kNormal = 0, kReduce = 1 };

inline constexpr int kInputNodes = 2;  ///< nodes 0 and 1 are the outputs of the last two cells
inline constexpr int kIntermediateNodes = 4;  ///< nodes 2 to 5
inline constexpr int kNodes = kInputNodes + kIntermediateNodes;
inline constexpr int kKeptEdges = 2;  ///< number of edges into each intermediate node of a genotype
inline constexpr int kNumEdges = 14;

inline constexpr char kNone[] = "none";
inline constexpr char kNoise[] = "noise";
/// The operations that a search has only if its config names them. A new operation must be in this
/// list, because otherwise it would become a candidate of every published search. The topology has
/// them after the published operations, in any order, because runs store names.
inline constexpr const char* kOptionalOperations[] = {kNoise};

/// Cell kinds "normal" and "reduce", each with 14 edges, numbered node by node. The operations are
/// the eight published ones (docs/algorithm.md, "The DARTS space") and kOptionalOperations.
const Topology& DartsTopology();

/// The candidates of every edge of a search whose config names no operations: all operations
/// except kOptionalOperations.
EdgeCandidates UsualOperations();

/// One cell of a network.
struct CellShape {
  bool reduces = false;  ///< whether it is a reduction cell, which halves the sides of the image
  bool previous_reduces = false;  ///< whether the sides of input 0 are twice those of input 1
  int64_t input0_channels = 0;    ///< channels of the output of the cell before the last one
  int64_t input1_channels = 0;    ///< channels of the output of the last cell
  int64_t channels = 0;           ///< channels of each node
  int64_t out_channels() const { return kIntermediateNodes * channels; }
  CellKindIndex kind() const { return reduces ? kReduce : kNormal; }
};

/// The cells of a network. Cells cells/3 and 2*cells/3 are reduction cells, from which on the
/// channels are doubled. `stem_channels` is the number of channels of both inputs of cell 0.
/// `stem_reduces` tells whether input 0 of cell 0 has twice the sides of input 1.
std::vector<CellShape> ShapesOfCells(int cells, int64_t channels, int64_t stem_channels,
                                     bool stem_reduces);

/// The stride of the operations of an edge: 2 for edges that begin at an input of a reduction cell.
inline int64_t EdgeStride(const CellShape& cell_shape, int from) {
  return cell_shape.reduces && from < kInputNodes ? 2 : 1;
}

}  // namespace pdarts::darts

#endif  // PDARTS_SPACES_DARTS_CELLS_H_
