#ifndef PDARTS_COMPARISON_COMPARISON_H_
#define PDARTS_COMPARISON_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pdarts/comparison/comparison.pb.h"

namespace pdarts {

/// The name of the group of random architectures.
inline constexpr char kRandomGroup[] = "random";

/// An architecture and its numbers. The fields are those of ComparedArchitecture.
struct MeasuredArchitecture {
  std::string text;
  double accuracy = 0;
  double params = 0;
  double macs = 0;
  std::optional<double> latency_ms;
};

/// A group of architectures, at least one.
struct MeasuredGroup {
  std::string name;
  std::vector<MeasuredArchitecture> architectures;
};

/// The comparison of each group with the random architectures.
struct GroupComparison {
  Comparison comparison;
  bool is_exact = true;  ///< whether all permutation tests used all permutations
};

/// Compares groups with random architectures, which become the last group, "random". `seed` is the
/// seed of the random permutations, which are used if there are too many permutations. The numbers
/// of a group do not depend on the other groups.
GroupComparison CompareGroups(const std::vector<MeasuredGroup>& groups,
                              const std::vector<MeasuredArchitecture>& random, uint64_t seed);

/// Whether the architectures' latencies were measured.
bool HasLatency(const Comparison& comparison);

/// The mean of a number over the architectures of a group, such as &ComparedArchitecture::macs.
double GroupMean(const Comparison& comparison, const std::string& group,
                 double (ComparedArchitecture::*number)() const);

}  // namespace pdarts

#endif  // PDARTS_COMPARISON_COMPARISON_H_
