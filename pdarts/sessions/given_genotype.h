#ifndef PDARTS_SESSIONS_GIVEN_GENOTYPE_H_
#define PDARTS_SESSIONS_GIVEN_GENOTYPE_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/search_space.h"

namespace pdarts {

/// An architecture that a user gave.
struct GivenGenotype {
  Architecture architecture;
  /// The text of the architecture for a spec: the text that the user gave, or the text form of the
  /// space if the user gave a path.
  std::string text;
};

/// Reads a genotype that a user gave: a name that the space knows, the directory of a run, a file,
/// a definition in a file (FILE:NAME), or a text. A file may have any form that SearchSpace::Parse
/// reads, or be the architecture.textproto or architecture.json of a run, or the spec of a
/// training. A relative path is relative to the folder in which the user typed the command. `notes`
/// (as SessionOptions::notes) gets the notes that readers gave to ReadingNotes.
/// \error kNotFound if there is no such file; kInvalidArgument as SearchSpace::Parse, after the
/// path of the file; as ReadRunArchitecture; as ReadFileOrPipe.
absl::StatusOr<GivenGenotype> ReadGivenGenotype(const SearchSpace& space, const std::string& given,
                                                std::ostream* notes);

/// Reads one or more genotypes that a user gave. A file may hold several architectures: a text or a
/// known name in each line. Empty lines, and lines that begin with #, are ignored. Everything else
/// that ReadGivenGenotype reads gives one architecture. \error as ReadGivenGenotype;
/// kInvalidArgument naming a line without an architecture if several other lines hold one.
absl::StatusOr<std::vector<GivenGenotype>> ReadGivenGenotypes(const SearchSpace& space,
                                                              const std::string& given,
                                                              std::ostream* notes);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_GIVEN_GENOTYPE_H_
