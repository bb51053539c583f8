#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/sessions/given_genotype.h"

ABSL_FLAG(std::string, to, "",
          "FORM: text form to write; flat or nested on darts (default: the space's first)");
ABSL_FLAG(bool, random, false,
          "draw an architecture by --seed, for comparisons: it is derived from random "
          "probabilities");

namespace pdarts {
namespace {

absl::Status Genotype(const std::vector<std::string>& arguments) {
  const bool random = absl::GetFlag(FLAGS_random);
  if (arguments.size() != (random ? 0 : 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("genotype takes one TEXT, FILE, RUN or NAME, or --random; got ",
                     arguments.size(), " (quote it for the shell)"));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> space,
                          Registry<SearchSpace>::CreateDefault(SpaceFromFlags()));
  Architecture architecture;
  if (random) {
    const int64_t seed = absl::GetFlag(FLAGS_seed).value_or(0);
    if (seed < 0) {
      return absl::InvalidArgumentError(absl::StrCat("--seed: ", seed, " is not in [0, infinity)"));
    }
    PDARTS_ASSIGN_OR_RETURN(
        architecture,
        RandomArchitecture(*space, MakeGenerator(static_cast<uint64_t>(seed), "architecture")));
  } else {
    PDARTS_ASSIGN_OR_RETURN(GivenGenotype given,
                            ReadGivenGenotype(*space, arguments[0], &std::cerr));
    architecture = std::move(given.architecture);
  }
  DerivedArchitecture result;
  *result.mutable_architecture() = architecture;
  PDARTS_ASSIGN_OR_RETURN(*result.mutable_text(),
                          space->Format(architecture, absl::GetFlag(FLAGS_to)));
  if (!PrintedAsJson(result)) std::cout << result.text() << "\n";
  return absl::OkStatus();
}

}  // namespace

Command GenotypeCommand() {
  return {"genotype",
          "--space=NAME --to=FORM TEXT|FILE|RUN|NAME|--random",
          "check an architecture, write it in another form, or draw one",
          {"space", "to", "random", "seed", "json"},
          &Genotype,
          /*takes_arguments=*/true,
          {{"--space=darts --to=nested PDARTS", "a published architecture in another form"},
           {"--space=nasbench201 --random --seed=4", "an architecture to compare with"}},
          {{"seed", "NUMBER: seed of --random, from 0 on (default: 0)"}}};
}

}  // namespace pdarts
