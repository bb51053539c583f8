// Runs a fuzz target on the files of its corpus, so that a finding of the past does not occur
// again.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    if (!file || content.empty()) {
      std::cerr << "cannot read " << argv[i] << "\n";
      return 1;
    }
    std::cout << argv[i] << "\n";
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(content.data()), content.size());
  }
  return argc > 1 ? 0 : 1;
}
