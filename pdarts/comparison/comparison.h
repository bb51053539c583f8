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

/// An architecture and what is known of it; fields as in ComparedArchitecture.
struct JudgedArchitecture {
  std::string text;
  double accuracy = 0;
  double params = 0;
  double macs = 0;
  std::optional<double> latency_ms;
};

/// Architectures of one origin, at least one.
struct JudgedGroup {
  std::string name;
  std::vector<JudgedArchitecture> architectures;
};

/// What compares each group with the random architectures.
struct GroupComparison {
  Comparison comparison;
  bool is_exact = true;  ///< whether all permutation tests looked at all permutations
};

/// Compares groups with random architectures, which become the last group, of the name "random".
/// seed: of the permutations that are drawn where there are too many.
GroupComparison CompareGroups(const std::vector<JudgedGroup>& groups,
                              const std::vector<JudgedArchitecture>& random, uint64_t seed);

/// Whether the architectures' latencies were measured.
bool HasLatency(const Comparison& comparison);

/// The mean over a group's architectures of a number: &ComparedArchitecture::macs.
double GroupMean(const Comparison& comparison, const std::string& group,
                 double (ComparedArchitecture::*number)() const);

}  // namespace pdarts

#endif  // PDARTS_COMPARISON_COMPARISON_H_
