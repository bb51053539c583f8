#ifndef TOOLS_DOCS_PACKAGE_GRAPH_H_
#define TOOLS_DOCS_PACKAGE_GRAPH_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The dependencies between the packages below pdarts. A node of the graph is a name of layers.txt:
/// a package, or a folder of packages. An edge exists if a target that is not for tests names a
/// target of the other node in its `deps`.
class PackageGraph {
 public:
  /// targets: the contents of files that package_index.bzl writes (package_dependencies.txt).
  /// layers: the content of layers.txt.
  /// \error kInvalidArgument naming the line that cannot be read, or the name that occurs twice in
  /// layers.txt.
  static absl::StatusOr<PackageGraph> Read(const std::vector<std::string>& targets,
                                           absl::string_view layers);

  /// The faults, one sentence for each fault: dependencies that do not lead to a lower layer,
  /// dependencies on packages that are not part of the library, packages without a layer, and names
  /// of layers.txt without a package.
  const std::vector<std::string>& faults() const { return faults_; }

  /// A row for each node, the lowest layer first: its layer and the nodes that it depends on.
  std::string MarkdownTable() const;

  /// The picture in Graphviz's language. Dependencies that follow from others are left out.
  std::string Dot() const;

 private:
  absl::Status ReadLayers(absl::string_view layers);
  absl::Status ReadTarget(absl::string_view line);
  void AddDependency(const std::string& target, const std::string& dependency);
  /// The node of a package, the longest that fits; empty if there is none.
  std::string NodeOf(absl::string_view package) const;
  bool Reaches(const std::string& from, const std::string& to) const;
  /// The dependencies of a node in the order of layers.txt.
  std::vector<std::string> DependenciesOf(const std::string& node) const;

  std::vector<std::vector<std::string>> layers_;
  std::map<std::string, int> layer_of_;  ///< from 1
  std::map<std::string, std::set<std::string>> dependencies_;
  std::set<std::string> packages_;
  std::vector<std::string> faults_;
};

/// The text between the lines `<!-- begin NAME -->` and `<!-- end NAME -->` of a page replaced by
/// `content`. \error kNotFound if the page has no such lines.
absl::StatusOr<std::string> ReplaceBetweenMarks(const std::string& page, absl::string_view name,
                                                absl::string_view content);

/// The contents of all files package_dependencies.txt below the current folder, sorted by path.
/// \error as ReadFile.
absl::StatusOr<std::vector<std::string>> FindPackageDependencies();

/// The name of the generated part of docs/architecture.md.
inline constexpr char kPackageTable[] = "of the table of packages";

}  // namespace pdarts

#endif  // TOOLS_DOCS_PACKAGE_GRAPH_H_
