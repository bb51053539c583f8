// Writes docs/spec.md: `./bazelw run //tools/docs:write_spec_page`.

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "tools/docs/spec_page.h"

int main(int argc, char** argv) {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (argc != 2 || workspace == nullptr) {
    std::cerr << "error: start it with ./bazelw run //tools/docs:write_spec_page\n";
    return 1;
  }
  const auto descriptor_set = pdarts::ReadFile(argv[1]);
  pdarts::ProtoComments comments;
  const absl::Status read =
      descriptor_set.ok() ? comments.Read(*descriptor_set) : descriptor_set.status();
  if (!read.ok()) {
    std::cerr << "error: " << argv[1] << ": " << read.message() << "\n";
    return 1;
  }
  const std::string path = absl::StrCat(workspace, "/docs/spec.md");
  std::ofstream file(path);
  file << pdarts::SpecPage(comments) << std::flush;
  if (!file) {
    std::cerr << "error: cannot write " << path << "\n";
    return 1;
  }
  std::cout << "wrote " << path << "\n";
  return 0;
}
