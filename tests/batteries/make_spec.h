#ifndef TESTS_BATTERIES_MAKE_SPEC_H_
#define TESTS_BATTERIES_MAKE_SPEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"

namespace pdarts {

/// Reads a spec from text, sets all other fields to their defaults, and then changes `settings` as
/// --set does.
/// \error of ParseSpecInto, CompleteSpec and SetField.
absl::Status MakeSpec(const std::string& text, const std::vector<std::string>& settings,
                      google::protobuf::Message* spec);

/// The spec of MakeSpec. The test fails if MakeSpec returns an error.
template <class Spec>
Spec MakeSpec(const std::string& text, const std::vector<std::string>& settings = {}) {
  Spec spec;
  const absl::Status status = MakeSpec(text, settings, &spec);
  EXPECT_TRUE(status.ok()) << status;
  return spec;
}

}  // namespace pdarts

#endif  // TESTS_BATTERIES_MAKE_SPEC_H_
