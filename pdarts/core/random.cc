#include "pdarts/core/random.h"

#include <array>
#include <random>
#include <vector>

#include "ATen/CPUGeneratorImpl.h"

namespace pdarts {

at::Generator MakeGenerator(uint64_t seed, absl::string_view purpose, uint64_t index) {
  // std::seed_seq gives the same numbers in every process and version. A hash of Abseil does not.
  std::vector<uint32_t> words = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
                                 static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)};
  for (char c : purpose) words.push_back(static_cast<unsigned char>(c));
  std::seed_seq sequence(words.begin(), words.end());
  std::array<uint32_t, 2> mixed;
  sequence.generate(mixed.begin(), mixed.end());
  return at::detail::createCPUGenerator(static_cast<uint64_t>(mixed[0]) << 32 | mixed[1]);
}

}  // namespace pdarts
