#include "pdarts/benchmarks/nasbench301/features.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "pdarts/spaces/darts/cells.h"

namespace pdarts::nasbench301 {
namespace {

constexpr size_t kSkip = 2;              // index in kOperations
constexpr size_t kFirstConvolution = 3;  // this and all following operations are convolutions

/// The node at which an edge begins: one of the two inputs of the cell, or any intermediate node.
constexpr std::array<absl::string_view, darts::kInputNodes + 1> kSources = {"input_0", "input_1",
                                                                            "node"};

/// A group of operations: the index of its first operation in kOperations, and the index after its
/// last operation.
struct Group {
  absl::string_view name;
  size_t begin;
  size_t end;
};
constexpr std::array<Group, 4> kGroups = {
    {{"pool", 0, 2}, {"skip", 2, 3}, {"sep", 3, 5}, {"dil", 5, 7}}};

/// A path from an input of a cell to an intermediate node.
struct Path {
  int length = 0;
  std::array<int, kOperations.size()> counts = {};  ///< [operation]
  bool begins_with_skip = false;
};

/// The index of the operation of an edge in kOperations; the length of kOperations if it is another
/// operation.
size_t OperationIndex(const ArchitectureEdge& edge) {
  return std::find(kOperations.begin(), kOperations.end(), edge.operation()) - kOperations.begin();
}

/// All paths of a cell.
std::vector<Path> Paths(const CellArchitecture& cell) {
  std::array<std::vector<Path>, darts::kNodes> paths;  // [node]
  for (int node = 0; node < darts::kInputNodes; ++node) paths[node].emplace_back();
  for (const ArchitectureEdge& edge : cell.edges()) {
    const size_t operation = OperationIndex(edge);
    for (Path path : paths[edge.from()]) {
      if (path.length == 0) path.begins_with_skip = operation == kSkip;
      ++path.length;
      if (operation < kOperations.size()) ++path.counts[operation];
      paths[edge.to()].push_back(path);
    }
  }
  std::vector<Path> all;
  for (int node = darts::kInputNodes; node < darts::kNodes; ++node) {
    all.insert(all.end(), paths[node].begin(), paths[node].end());
  }
  return all;
}

void AppendCell(const CellArchitecture& cell, std::vector<double>* features) {
  std::array<std::array<double, kSources.size()>, kOperations.size()> counts = {};
  for (const ArchitectureEdge& edge : cell.edges()) {
    const size_t operation = OperationIndex(edge);
    if (operation == kOperations.size()) continue;
    ++counts[operation][std::min(edge.from(), darts::kInputNodes)];
  }
  for (const auto& by_source : counts) {
    features->insert(features->end(), by_source.begin(), by_source.end());
  }

  const std::vector<Path> paths = Paths(cell);
  const auto num_paths = static_cast<double>(paths.size());
  int convolutions = 0;
  int skip_first = 0;
  int skip_only = 0;
  std::array<int, kOperations.size()> on_paths = {};  // [operation]
  for (const Path& path : paths) {
    int on_path = 0;
    for (size_t operation = 0; operation < kOperations.size(); ++operation) {
      on_paths[operation] += path.counts[operation];
      if (operation >= kFirstConvolution) on_path += path.counts[operation];
    }
    convolutions = std::max(convolutions, on_path);
    if (path.begins_with_skip) ++skip_first;
    if (path.counts[kSkip] == path.length) ++skip_only;
  }
  features->push_back(num_paths);
  features->push_back(convolutions);
  for (const int count : on_paths) features->push_back(count / num_paths);
  features->push_back(skip_first / num_paths);
  features->push_back(skip_only / num_paths);
}

std::vector<std::string> MakeFeatureNames() {
  std::vector<std::string> names;
  std::vector<std::string> groups;
  for (const absl::string_view kind : kCellKinds) {
    for (const absl::string_view operation : kOperations) {
      for (const absl::string_view source : kSources) {
        names.push_back(absl::StrCat(kind, ".", operation, ".", source));
      }
    }
    for (const char* name : {"paths", "convolutions"}) {
      names.push_back(absl::StrCat(kind, ".", name));
    }
    for (const absl::string_view operation : kOperations) {
      names.push_back(absl::StrCat(kind, ".", operation, ".a_path"));
    }
    for (const char* name : {"skip_first", "skip_only"}) {
      names.push_back(absl::StrCat(kind, ".", name));
    }
    for (const Group& group : kGroups) groups.push_back(absl::StrCat(kind, ".", group.name));
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t j = i; j < groups.size(); ++j) {
      names.push_back(absl::StrCat(groups[i], "*", groups[j]));
    }
  }
  return names;
}

}  // namespace

OperationCounts CountOperations(const Architecture& architecture) {
  OperationCounts counts = {};
  for (size_t kind = 0; kind < kCellKinds.size(); ++kind) {
    for (const ArchitectureEdge& edge : architecture.cells(static_cast<int>(kind)).edges()) {
      const size_t operation = OperationIndex(edge);
      if (operation < kOperations.size()) ++counts[kind][operation];
    }
  }
  return counts;
}

const std::vector<std::string>& FeatureNames() {
  static const auto* const names = new std::vector<std::string>(MakeFeatureNames());
  return *names;
}

std::vector<double> Features(const Architecture& architecture) {
  std::vector<double> features;
  for (const CellArchitecture& cell : architecture.cells()) AppendCell(cell, &features);
  std::vector<double> groups;
  for (const auto& of_kind : CountOperations(architecture)) {
    for (const Group& group : kGroups) {
      double count = 0;
      for (size_t operation = group.begin; operation < group.end; ++operation) {
        count += of_kind[operation];
      }
      groups.push_back(count);
    }
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t j = i; j < groups.size(); ++j) features.push_back(groups[i] * groups[j]);
  }
  return features;
}

}  // namespace pdarts::nasbench301
