#include "pdarts/comparison/comparison.h"

#include "google/protobuf/struct.pb.h"
#include "pdarts/comparison/statistics.h"
#include "pdarts/core/random.h"

namespace pdarts {
namespace {

std::vector<double> Accuracies(const std::vector<MeasuredArchitecture>& architectures) {
  std::vector<double> accuracies;
  for (const MeasuredArchitecture& a : architectures) accuracies.push_back(a.accuracy);
  return accuracies;
}

}  // namespace

GroupComparison CompareGroups(const std::vector<MeasuredGroup>& groups,
                              const std::vector<MeasuredArchitecture>& random, uint64_t seed) {
  GroupComparison compared;
  const std::vector<double> of_random = Accuracies(random);
  const double random_mean = Mean(of_random);
  const auto add = [&](const std::string& name,
                       const std::vector<MeasuredArchitecture>& architectures) {
    const std::vector<double> accuracies = Accuracies(architectures);
    ComparedGroup* group = compared.comparison.add_groups();
    group->set_name(name);
    group->set_architectures(static_cast<int>(architectures.size()));
    group->set_mean(Mean(accuracies));
    group->set_std(SampleStandardDeviation(accuracies));
    group->set_relative_improvement(RelativeImprovement(group->mean(), random_mean));
    for (const MeasuredArchitecture& a : architectures) {
      ComparedArchitecture* row = compared.comparison.add_architectures();
      row->set_group(name);
      row->set_architecture(a.text);
      row->set_accuracy(a.accuracy);
      row->set_params(a.params);
      row->set_macs(a.macs);
      if (a.latency_ms) row->set_latency_ms(*a.latency_ms);
    }
    return group;
  };
  for (const MeasuredGroup& group : groups) {
    // Every group has the same stream, so that its p-value does not depend on the other groups.
    const PermutationTest test = TestGreaterMean(Accuracies(group.architectures), of_random,
                                                 MakeGenerator(seed, "permutations"));
    compared.is_exact = compared.is_exact && test.is_exact;
    add(group.name, group.architectures)->mutable_p_value()->set_number_value(test.p_value);
  }
  add(kRandomGroup, random)->mutable_p_value()->set_null_value(google::protobuf::NULL_VALUE);
  return compared;
}

bool HasLatency(const Comparison& comparison) {
  return comparison.architectures_size() > 0 && comparison.architectures(0).has_latency_ms();
}

double GroupMean(const Comparison& comparison, const std::string& group,
                 double (ComparedArchitecture::*number)() const) {
  std::vector<double> values;
  for (const ComparedArchitecture& architecture : comparison.architectures()) {
    if (architecture.group() == group) values.push_back((architecture.*number)());
  }
  return Mean(values);
}

}  // namespace pdarts
