// Input: assignments of --set, one in each line, to a spec that has every kind of field.

#include <cstdint>
#include <string>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/core/spec.h"

namespace {

constexpr char kSpec[] = R"(
name: "fuzz"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {} }
schedule { [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {} }
regularizers { [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0, 0.4, 0.7] } }
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const pdarts::ExperimentSpec complete = [] {
    pdarts::ExperimentSpec spec = pdarts::ParseSpec(kSpec, "spec").value();
    CHECK(pdarts::CompleteSpec(&spec).ok());
    return spec;
  }();
  pdarts::ExperimentSpec spec = complete;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    (void)pdarts::SetField(&spec, line);
  }
  (void)pdarts::CompleteSpec(&spec);
  CHECK(pdarts::ParseSpec(pdarts::PrintSpec(spec), "printed").ok());
  return 0;
}
