#ifndef PDARTS_CLI_GIVEN_GENOTYPE_H_
#define PDARTS_CLI_GIVEN_GENOTYPE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// An architecture that a user gave.
struct GivenGenotype {
  Architecture architecture;
  /// A text of it for a spec: what the user gave, or the space's own text if that is a path.
  std::string text;
};

/// Reads what may stand wherever a genotype is expected: a name that the space knows, the directory
/// of a run, a file, a definition in a file (FILE:NAME), or a text. A file is any that
/// SearchSpace::Parse reads, a run's architecture.textproto or architecture.json, or the spec of a
/// training. A relative path begins where the command was typed. Tells the user on standard error
/// what readers told ReadingNotes.
/// \error kNotFound if there is no such file; kInvalidArgument as SearchSpace::Parse, after the
/// file's path; as ReadRunArchitecture; as ReadFileOrPipe.
absl::StatusOr<GivenGenotype> ReadGivenGenotype(const SearchSpace& space, const std::string& given);

/// The same, where a file may hold several architectures: a text or a known name in each line.
/// Empty lines and lines that begin with # may stand between them. Whatever else is given holds
/// one. \error as ReadGivenGenotype; kInvalidArgument naming the line if several lines of a file
/// hold an architecture, and one doesn't.
absl::StatusOr<std::vector<GivenGenotype>> ReadGivenGenotypes(const SearchSpace& space,
                                                              const std::string& given);

}  // namespace pdarts

#endif  // PDARTS_CLI_GIVEN_GENOTYPE_H_
