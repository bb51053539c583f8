// Draws docs/architecture.dot as docs/architecture.svg: `./bazelw run //tools/docs:draw_picture`.

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "tools/docs/picture.h"

int main() {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (workspace == nullptr) {
    std::cerr << "error: start it with ./bazelw run //tools/docs:draw_picture\n";
    return 1;
  }
  const std::string name = absl::StrCat(workspace, "/docs/architecture");
  const auto dot = pdarts::ReadFile(name + ".dot");
  const auto svg = dot.ok() ? pdarts::DrawPicture(*dot) : dot.status();
  if (!svg.ok()) {
    std::cerr << "error: " << name << ".dot: " << svg.status().message() << "\n";
    return 1;
  }
  std::ofstream file(name + ".svg");
  file << *svg << std::flush;
  if (!file) {
    std::cerr << "error: cannot write " << name << ".svg\n";
    return 1;
  }
  std::cout << "wrote " << name << ".svg\n";
  return 0;
}
