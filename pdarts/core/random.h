#ifndef PDARTS_CORE_RANDOM_H_
#define PDARTS_CORE_RANDOM_H_

#include <cstdint>

#include "ATen/core/Generator.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// A CPU generator for one purpose of one run. Generators with another seed, purpose ("alphas",
/// "weights") or index (the stage) are independent of each other. So a new random number in one
/// place changes no number in another place. The state of the generator is a tensor
/// (`get_state()`), which a checkpoint can hold.
at::Generator MakeGenerator(uint64_t seed, absl::string_view purpose, uint64_t index = 0);

}  // namespace pdarts

#endif  // PDARTS_CORE_RANDOM_H_
