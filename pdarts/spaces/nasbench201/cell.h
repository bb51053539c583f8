#ifndef PDARTS_SPACES_NASBENCH201_CELL_H_
#define PDARTS_SPACES_NASBENCH201_CELL_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/python_text.h"
#include "pdarts/core/topology.h"

namespace pdarts::nasbench201 {

inline constexpr int kNodes = 4;  ///< node 0 is the cell's input, node 3 its output
inline constexpr int kNumEdges = 6;
inline constexpr int kNumOperations = 5;
inline constexpr int kNumArchitectures = 15625;  ///< kNumOperations ^ kNumEdges

/// Operations in the space's order (docs/algorithm.md, "The NAS-Bench-201 space").
enum OperationIndex { kNone = 0, kSkipConnect, kNorConv1x1, kNorConv3x3, kAvgPool3x3 };

/// The cell kind "cell": edges 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2 and five operations.
const Topology& NasBench201Topology();

/// A whole architecture: the operation on each edge, in the topology's order.
using CellOperations = std::array<int, kNumEdges>;

/// Counts architectures through from 0 to kNumArchitectures - 1, the first edge's operation
/// counting most. (The benchmark's own order is another one; its table knows that.)
int ToCode(const CellOperations& operations);
/// Dies if the code is out of range.
CellOperations FromCode(int code);

/// A cell that stands in a text.
struct CellReading {
  CellOperations operations = {};
  size_t end = 0;                  ///< byte after it, or of the error
  std::optional<TextError> error;  ///< why there is none
};

/// Reads the cell `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|` that begins at `place` of a text.
CellReading ReadCellAt(absl::string_view text, size_t place);

/// Reads a text that is a cell; white space may stand around it.
/// \error kInvalidArgument as "column 5: expected ..., found ...".
absl::StatusOr<CellOperations> ParseCell(absl::string_view text);
std::string FormatCell(const CellOperations& operations);

/// An expression that is the same for two architectures if what comes out of their cells is the
/// same function of what goes in. Recognised: `none` is no edge; a node that nothing reaches is
/// zero, and so is every operation on it; `skip_connect` is its input; sums have no order and no
/// brackets; nodes that don't reach the output don't count. Not recognised: that a mean of sums is
/// the sum of means, and anything that depends on weights. "0" is the cell that gives zeros.
///
/// (In a trained network a nor_conv on zeros gives what its batch normalisation adds, a constant;
/// the benchmark counts it as zero too, and in a super-network, which adds nothing, it is.)
std::string CanonicalExpression(const CellOperations& operations);

/// The same architecture as a message; Architecture::space is left to the caller.
Architecture ToArchitecture(const CellOperations& operations);
/// Of an architecture that CheckCell accepts.
CellOperations FromArchitecture(const Architecture& architecture);

/// What the space asks of an architecture beyond its topology: all six edges, in order, and node 3
/// as the output.
/// \error kInvalidArgument naming the edge.
absl::Status CheckCell(const Architecture& architecture);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_CELL_H_
