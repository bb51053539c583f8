// Input: specs of searches. If a spec parses and can be completed, it is printed as a text that
// parses to the same spec.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/core/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  absl::StatusOr<pdarts::ExperimentSpec> spec = pdarts::ParseSpec(text, "spec");
  if (!spec.ok() || !pdarts::CompleteSpec(&*spec).ok()) return 0;
  const std::string printed = pdarts::PrintSpec(*spec);
  const auto again = pdarts::ParseSpec(printed, "printed");
  CHECK(again.ok()) << again.status() << "\n" << printed;
  CHECK_EQ(pdarts::PrintSpec(*again), printed);
  return 0;
}
