// Writes the dependencies between packages, as docs/packages.svg and as a table in
// docs/architecture.md: `./bazelw run //tools/docs:write_architecture_picture`.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "tools/docs/package_graph.h"
#include "tools/docs/picture.h"

namespace pdarts {
namespace {

absl::Status Write(const std::string& path, const std::string& content) {
  std::ofstream file(path);
  file << content << std::flush;
  if (!file) return absl::UnknownError(absl::StrCat("cannot write ", path));
  std::cout << "wrote " << path << "\n";
  return absl::OkStatus();
}

absl::Status WriteAll(const std::string& workspace) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> targets, FindPackageDependencies());
  PDARTS_ASSIGN_OR_RETURN(const std::string layers, ReadFile("tools/docs/layers.txt"));
  PDARTS_ASSIGN_OR_RETURN(const PackageGraph graph, PackageGraph::Read(targets, layers));
  for (const std::string& fault : graph.faults()) std::cerr << "error: " << fault << "\n";
  PDARTS_ASSIGN_OR_RETURN(const std::string svg, DrawPicture(graph.Dot()));
  const std::string page = absl::StrCat(workspace, "/docs/architecture.md");
  PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(page));
  PDARTS_ASSIGN_OR_RETURN(const std::string written,
                          ReplaceBetweenMarks(text, kPackageTable, graph.MarkdownTable()));
  PDARTS_RETURN_IF_ERROR(Write(absl::StrCat(workspace, "/docs/packages.svg"), svg));
  PDARTS_RETURN_IF_ERROR(Write(page, written));
  if (graph.faults().empty()) return absl::OkStatus();
  return absl::FailedPreconditionError("the packages do not fit tools/docs/layers.txt");
}

}  // namespace
}  // namespace pdarts

int main() {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (workspace == nullptr) {
    std::cerr << "error: start it with ./bazelw run //tools/docs:write_architecture_picture\n";
    return 1;
  }
  const absl::Status status = pdarts::WriteAll(workspace);
  if (status.ok()) return 0;
  std::cerr << "error: " << status.message() << "\n";
  return 1;
}
