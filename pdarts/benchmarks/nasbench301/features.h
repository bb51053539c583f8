#ifndef PDARTS_BENCHMARKS_NASBENCH301_FEATURES_H_
#define PDARTS_BENCHMARKS_NASBENCH301_FEATURES_H_

#include <array>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"

namespace pdarts::nasbench301 {

inline constexpr std::array<absl::string_view, 2> kCellKinds = {"normal", "reduce"};
/// The operations of NAS-Bench-301, in the order of the features.
inline constexpr std::array<absl::string_view, 7> kOperations = {
    "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3",
    "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"};

/// [cell kind][operation] the number of edges that hold the operation.
using OperationCounts = std::array<std::array<int, kOperations.size()>, kCellKinds.size()>;

/// Counts operations. Other operations, such as `none`, are not counted. `architecture` belongs to
/// the space darts, and darts::CheckGenotype accepts it.
OperationCounts CountOperations(const Architecture& architecture);

/// Names of the features, in their order: "normal.skip_connect.input_0".
const std::vector<std::string>& FeatureNames();

/// The features of an architecture, in the order of FeatureNames. The features are the same for
/// isomorphic architectures. tools/nasbench301/architectures.py computes the same features.
/// `architecture` belongs to the space darts, and darts::CheckGenotype accepts it.
std::vector<double> Features(const Architecture& architecture);

}  // namespace pdarts::nasbench301

#endif  // PDARTS_BENCHMARKS_NASBENCH301_FEATURES_H_
