#ifndef TESTS_FUZZ_GENOTYPE_FUZZ_H_
#define TESTS_FUZZ_GENOTYPE_FUZZ_H_

#include <string>

#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/base/python_text.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// If a text parses, the architecture is written as a text that parses to the same architecture.
/// KeepDefinition returns a text of the same length.
inline void CheckGenotype(const char* space_name, absl::string_view text) {
  static const auto& space = *Registry<SearchSpace>::CreateDefault(space_name).value().release();
  const auto kept = KeepDefinition(text, "A");
  if (kept.ok()) {
    CHECK_EQ(kept->size(), text.size());
    space.Parse(*kept).IgnoreError();
  }
  const auto architecture = space.Parse(text);
  if (!architecture.ok()) return;
  const std::string written = space.Format(*architecture).value();
  const auto again = space.Parse(written);
  CHECK(again.ok()) << again.status() << " of " << written;
  CHECK_EQ(space.Format(*again).value(), written);
}

}  // namespace pdarts

#endif  // TESTS_FUZZ_GENOTYPE_FUZZ_H_
