#ifndef PDARTS_RUNS_RUN_NAMES_H_
#define PDARTS_RUNS_RUN_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The files of a run directory that more than one part of the program names (see RunDirectory).
inline constexpr char kSpecFile[] = "spec.textproto";
inline constexpr char kLogFile[] = "log.jsonl";
inline constexpr char kArchitectureFile[] = "architecture.textproto";
inline constexpr char kGenotypeFile[] = "genotype.txt";
inline constexpr char kResultFile[] = "result.json";

/// The name of the directory of a run: <name>-seed<seed>.
inline std::string RunName(absl::string_view name, int64_t seed) {
  return absl::StrCat(name, "-seed", seed);
}

}  // namespace pdarts

#endif  // PDARTS_RUNS_RUN_NAMES_H_
