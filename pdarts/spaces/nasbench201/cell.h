#ifndef PDARTS_SPACES_NASBENCH201_CELL_H_
#define PDARTS_SPACES_NASBENCH201_CELL_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/python_text.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"

namespace pdarts::nasbench201 {

inline constexpr int kNodes = 4;  ///< node 0 is the input of the cell, node 3 its output
inline constexpr int kNumEdges = 6;
inline constexpr int kNumOperations = 5;
inline constexpr int kNumArchitectures = 15625;  ///< kNumOperations ^ kNumEdges

/// The operations in the order of the space (docs/algorithm.md, "The NAS-Bench-201 space").
enum OperationIndex { kNone = 0, kSkipConnect, kNorConv1x1, kNorConv3x3, kAvgPool3x3 };

/// The cell kind "cell": edges 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2 and five operations.
const Topology& NasBench201Topology();

/// An architecture: the operation of each edge, in the order of the topology.
using CellOperations = std::array<int, kNumEdges>;

/// Numbers the architectures from 0 to kNumArchitectures - 1. The operation of the first edge is
/// the most significant digit. The numbers of the benchmark have another order, which its table
/// knows.
int ToCode(const CellOperations& operations);
/// Dies if the code is out of range.
CellOperations FromCode(int code);

/// A cell that was read from a text.
struct CellReading {
  CellOperations operations = {};
  size_t end = 0;                  ///< the byte after the cell, or the byte of the error
  std::optional<TextError> error;  ///< the reason if no cell was read
};

/// Reads the cell `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|` that begins at `place` of a text.
CellReading ReadCellAt(absl::string_view text, size_t place);

/// Reads a text that consists of a cell. White space before and after the cell is ignored.
/// \error kInvalidArgument as "column 5: expected ..., found ...".
absl::StatusOr<CellOperations> ParseCell(absl::string_view text);
std::string FormatCell(const CellOperations& operations);

/// An expression that is the same for two architectures if their cells compute the same function.
/// The expression uses these rules:
/// - `none` removes the edge.
/// - A node without inputs is zero, and so is every operation on it.
/// - `skip_connect` is its input.
/// - The order and the brackets of sums do not matter.
/// - Nodes that do not lead to the output do not matter.
/// It does not use the rule that a mean of sums is the sum of means, or any rule that depends on
/// weights. The expression of a cell that computes zero is "0".
///
/// In a trained network, a nor_conv of zeros gives a constant, which its batch normalization adds.
/// The benchmark treats this constant as zero. In a super-network, it is zero.
std::string CanonicalExpression(const CellOperations& operations);

/// Converts an architecture to a message. The caller sets Architecture::space.
Architecture ToArchitecture(const CellOperations& operations);
/// Converts a message that CheckCell accepts.
CellOperations FromArchitecture(const Architecture& architecture);

/// Checks the conditions of the space that its topology does not express: all six edges, in their
/// order, and node 3 as the output.
/// \error kInvalidArgument naming the edge.
absl::Status CheckCell(const Architecture& architecture);

}  // namespace pdarts::nasbench201

#endif  // PDARTS_SPACES_NASBENCH201_CELL_H_
