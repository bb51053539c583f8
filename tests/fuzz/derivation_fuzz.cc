// Input: derived architectures in the form of a run's architecture.textproto. If an input passes
// the checks, it is written into a report, drawn, and derived again.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/core/derived_architecture.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/trace_check.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/derivation_story.h"
#include "tests/fuzz/check_page.h"

namespace pdarts {
namespace {

void Check(const SearchSpace& space, absl::string_view text) {
  constexpr int kStages = 3;
  DerivedArchitecture found;
  if (!ParseSpecInto(text, "found", &found).ok()) return;
  if (CheckFound(space, found).ok()) {
    for (const CellArchitecture& cell : found.architecture().cells()) {
      CheckPage(DrawCellElement(cell, {}).value().bytes(), /*scripts=*/0);
    }
  }
  const DerivationTrace& trace = found.trace();
  if (!CheckTrace(space.topology(), kStages, trace).ok()) return;
  for (const CellKind& kind : space.topology().kinds) {
    CheckPage(HtmlCat(HeatMap(kind, trace), DerivationSteps(kind, trace)).bytes(), /*scripts=*/0);
  }
  const StageEdges last = LastStageOf(space.topology(), trace);
  const auto derivation = space.Derive(last.candidates, last.probabilities, {});
  if (!derivation.ok()) return;
  CHECK(CheckTrace(space.topology(), kStages, derivation->trace).ok());
  CHECK(space.CheckArchitecture(derivation->architecture).ok());
}

}  // namespace
}  // namespace pdarts

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using pdarts::SearchSpace;
  for (const char* name : {"darts", "nasbench201"}) {
    const auto space = pdarts::Registry<SearchSpace>::CreateDefault(name).value();
    pdarts::Check(*space, {reinterpret_cast<const char*>(data), size});
  }
  return 0;
}
