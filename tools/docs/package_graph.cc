#include "tools/docs/package_graph.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kLibrary[] = "pdarts/";

/// What a library of pdarts may depend on besides packages of pdarts.
constexpr char kThirdParty[] = "third_party";

bool IsPartOfLabel(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("@/:_.+-", absl::string_view(&c, 1));
}

/// The absolute labels of this workspace in a text, which may be a `select` as Bazel prints it.
std::vector<std::string> LabelsIn(absl::string_view text) {
  std::vector<std::string> labels;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsPartOfLabel(text[end])) ++end;
    absl::string_view label = text.substr(at, end - at);
    absl::ConsumePrefix(&label, "@pdarts");
    if (absl::StartsWith(label, "@//")) label.remove_prefix(1);
    if (absl::StartsWith(label, "//") && !absl::StartsWith(label, "//conditions:")) {
      labels.emplace_back(label);
    }
    at = end + 1;
  }
  return labels;
}

/// "pdarts/core" of "//pdarts/base:file".
absl::string_view PackageOf(absl::string_view label) {
  absl::ConsumePrefix(&label, "//");
  return label.substr(0, label.find(':'));
}

/// Whether `path` is `folder` or lies below it.
bool IsIn(absl::string_view path, absl::string_view folder) {
  return absl::ConsumePrefix(&path, folder) && (path.empty() || path.front() == '/');
}

std::string Code(const std::string& name) { return absl::StrCat("`", name, "`"); }

}  // namespace

absl::StatusOr<PackageGraph> PackageGraph::Read(const std::vector<std::string>& targets,
                                                absl::string_view layers) {
  PackageGraph graph;
  PDARTS_RETURN_IF_ERROR(graph.ReadLayers(layers));
  for (const std::string& file : targets) {
    for (const absl::string_view line : absl::StrSplit(file, '\n', absl::SkipEmpty())) {
      PDARTS_RETURN_IF_ERROR(graph.ReadTarget(line));
    }
  }
  for (const std::string& package : graph.packages_) {
    if (!graph.NodeOf(package).empty()) continue;
    graph.faults_.push_back(absl::StrCat(kLibrary, package, " has no layer"));
  }
  for (const auto& entry : graph.layer_of_) {
    const std::string& node = entry.first;
    const bool is_used = std::any_of(graph.packages_.begin(), graph.packages_.end(),
                                     [&](const std::string& p) { return graph.NodeOf(p) == node; });
    if (!is_used) graph.faults_.push_back(absl::StrCat("no package is, or is below, ", node));
  }
  return graph;
}

absl::Status PackageGraph::ReadLayers(absl::string_view layers) {
  for (const absl::string_view line : absl::StrSplit(layers, '\n')) {
    if (absl::StartsWith(line, "#")) continue;
    const std::vector<std::string> names = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (names.empty()) continue;
    layers_.push_back(names);
    for (const std::string& name : names) {
      if (layer_of_.emplace(name, static_cast<int>(layers_.size())).second) continue;
      return absl::InvalidArgumentError(absl::StrCat(name, " occurs twice among the layers"));
    }
  }
  return absl::OkStatus();
}

absl::Status PackageGraph::ReadTarget(absl::string_view line) {
  const std::vector<std::string> fields = absl::StrSplit(line, '\t');
  if (fields.size() != 4) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", line, "\": expected a label, a rule, whether it is for tests, and labels"));
  }
  const std::string& target = fields[0];
  absl::string_view package = PackageOf(target);
  if (!absl::ConsumePrefix(&package, kLibrary)) return absl::OkStatus();
  packages_.emplace(package);
  if (absl::EndsWith(fields[1], "_test") || fields[2] == "True") return absl::OkStatus();
  for (const std::string& dependency : LabelsIn(fields[3])) AddDependency(target, dependency);
  return absl::OkStatus();
}

void PackageGraph::AddDependency(const std::string& target, const std::string& dependency) {
  absl::string_view package = PackageOf(dependency);
  if (IsIn(package, kThirdParty)) return;
  if (!absl::ConsumePrefix(&package, kLibrary)) {
    faults_.push_back(
        absl::StrCat(target, " depends on ", dependency, ", which is not part of the library"));
    return;
  }
  const std::string from = NodeOf(PackageOf(target).substr(sizeof(kLibrary) - 1));
  const std::string to = NodeOf(package);
  if (from == to || from.empty() || to.empty()) return;
  dependencies_[from].insert(to);
  if (layer_of_.at(to) < layer_of_.at(from)) return;
  faults_.push_back(absl::StrCat(target, " (layer ", layer_of_.at(from), ") depends on ",
                                 dependency, " (layer ", layer_of_.at(to),
                                 "); expected a lower layer"));
}

std::string PackageGraph::NodeOf(absl::string_view package) const {
  std::string longest;
  for (const auto& [node, layer] : layer_of_) {
    if (IsIn(package, node) && node.size() > longest.size()) longest = node;
  }
  return longest;
}

bool PackageGraph::Reaches(const std::string& from, const std::string& to) const {
  std::set<std::string> seen;
  std::vector<std::string> left = {from};
  while (!left.empty()) {
    const std::string node = left.back();
    left.pop_back();
    if (node == to) return true;
    if (!seen.insert(node).second) continue;
    for (const std::string& next : DependenciesOf(node)) left.push_back(next);
  }
  return false;
}

std::vector<std::string> PackageGraph::DependenciesOf(const std::string& node) const {
  std::vector<std::string> ordered;
  const auto found = dependencies_.find(node);
  if (found == dependencies_.end()) return ordered;
  for (const std::vector<std::string>& layer : layers_) {
    std::copy_if(layer.begin(), layer.end(), std::back_inserter(ordered),
                 [&](const std::string& name) { return found->second.count(name) > 0; });
  }
  return ordered;
}

std::string PackageGraph::MarkdownTable() const {
  std::string table = "| layer | package | depends on |\n|---|---|---|\n";
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (const std::string& node : layers_[i]) {
      std::vector<std::string> names;
      for (const std::string& name : DependenciesOf(node)) names.push_back(Code(name));
      absl::StrAppend(&table, "| ", i + 1, " | ", Code(node), " | ",
                      names.empty() ? "–" : absl::StrJoin(names, ", "), " |\n");
    }
  }
  return table;
}

std::string PackageGraph::Dot() const {
  std::string dot =
      "digraph packages {\n  rankdir=TB;\n  nodesep=0.3;\n  ranksep=0.4;\n"
      "  node [shape=box, style=rounded, fontsize=11, margin=\"0.12,0.06\"];\n"
      "  edge [arrowsize=0.7];\n";
  // The highest layer first, which Graphviz then draws on top.
  for (size_t i = layers_.size(); i-- > 0;) {
    absl::StrAppend(&dot, "  { rank=same; ",
                    absl::StrJoin(layers_[i], " ",
                                  [](std::string* out, const std::string& name) {
                                    absl::StrAppend(out, "\"", name, "\";");
                                  }),
                    " }\n");
  }
  for (size_t i = layers_.size(); i-- > 0;) {
    for (const std::string& node : layers_[i]) {
      const std::vector<std::string> all = DependenciesOf(node);
      for (const std::string& to : all) {
        const bool follows = std::any_of(all.begin(), all.end(), [&](const std::string& other) {
          return other != to && Reaches(other, to);
        });
        if (!follows) absl::StrAppend(&dot, "  \"", node, "\" -> \"", to, "\";\n");
      }
    }
  }
  return dot + "}\n";
}

absl::StatusOr<std::string> ReplaceBetweenMarks(const std::string& page, absl::string_view name,
                                                absl::string_view content) {
  const std::string begin = absl::StrCat("<!-- begin ", name, " -->\n");
  const std::string end = absl::StrCat("<!-- end ", name, " -->\n");
  const size_t first = page.find(begin);
  const size_t last = first == page.npos ? page.npos : page.find(end, first);
  if (last == page.npos) {
    return absl::NotFoundError(absl::StrCat("expected the lines ", begin, "and ", end));
  }
  return absl::StrCat(page.substr(0, first + begin.size()), content, page.substr(last));
}

absl::StatusOr<std::vector<std::string>> FindPackageDependencies() {
  std::vector<std::string> paths;
  for (const auto& entry :
       fs::recursive_directory_iterator(".", fs::directory_options::follow_directory_symlink)) {
    if (entry.path().filename() == "package_dependencies.txt") {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> contents;
  for (const std::string& path : paths) {
    PDARTS_ASSIGN_OR_RETURN(contents.emplace_back(), ReadFile(path));
  }
  return contents;
}

}  // namespace pdarts
