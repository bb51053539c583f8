#include "pdarts/sessions/given_genotype.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/file.h"
#include "pdarts/base/json.h"
#include "pdarts/base/python_text.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/base/user_path.h"
#include "pdarts/core/derived_architecture.h"
#include "pdarts/core/reading_notes.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.h"
#include "pdarts/runs/run_architecture.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

/// The maximum size of a file. The log of a long search has a few hundred kilobytes.
constexpr uintmax_t kLargestFile = 16 << 20;

bool IsNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
}

bool IsWord(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsNameByte);
}

/// Whether the user probably meant a text as a path, although it does not lead to a file.
bool LooksLikePath(absl::string_view text) {
  return text.find_first_of("()[]{}|'\"=\n") == absl::string_view::npos &&
         text.find_first_of("./") != absl::string_view::npos;
}

fs::file_status StatusOf(const std::string& given) {
  std::error_code error;
  if (given.empty() || absl::StrContains(given, '\0')) {
    return fs::file_status(fs::file_type::not_found);
  }
  return fs::status(UserPath(given), error);
}

bool Exists(const std::string& given) { return fs::exists(StatusOf(given)); }

absl::Status NoSuchFile(const std::string& path) {
  return absl::NotFoundError(
      absl::StrCat("there is no file or run ", UserPath(path),
                   "; expected an architecture's text, its name, a file or a run"));
}

bool IsKnownName(const SearchSpace& space, absl::string_view text) {
  const auto known = space.known_architectures();
  return std::any_of(known.begin(), known.end(),
                     [&](const auto& entry) { return entry.first == text; });
}

/// Reads the architecture of a run from the message of its file.
absl::StatusOr<Architecture> FromFound(const SearchSpace& space, const DerivedArchitecture& found) {
  PDARTS_RETURN_IF_ERROR(CheckFound(space, found));
  return found.architecture();
}

absl::StatusOr<Architecture> FromTextproto(const SearchSpace& space, const std::string& content) {
  DerivedArchitecture found;
  if (ParseSpecInto(content, "", &found).ok()) return FromFound(space, found);
  TrainSpec spec;
  if (ParseSpecInto(content, "", &spec).ok() && !spec.genotype().empty()) {
    return ParseGenotype(space, spec.genotype());
  }
  return absl::InvalidArgumentError(
      "it holds no architecture; expected the architecture.textproto of a run, or the spec of a "
      "training with the field genotype");
}

/// A line of a text, without the spaces around it.
struct NumberedLine {
  int number = 0;  ///< from 1
  absl::string_view text;
};

/// The lines of a text that are neither empty nor comments (#).
std::vector<NumberedLine> LinesWithContent(absl::string_view content) {
  std::vector<NumberedLine> lines;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(content, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty() && line[0] != '#') lines.push_back({number, line});
  }
  return lines;
}

/// The text of a file. \error kInvalidArgument if the file is too long or does not hold text; as
/// ReadFileOrPipe.
absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::error_code error;
  if (const uintmax_t size = fs::file_size(path, error); !error && size > kLargestFile) {
    return absl::InvalidArgumentError(absl::StrCat("it has ", size,
                                                   " bytes; a genotype is read "
                                                   "from files of at most ",
                                                   kLargestFile));
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string bytes, ReadFileOrPipe(path));
  std::string content(WithoutByteOrderMark(bytes));
  if (absl::StrContains(content, '\0')) {
    return absl::InvalidArgumentError("it is not text, so it holds no genotype");
  }
  return content;
}

/// `name` is the name of the definition, or empty.
absl::StatusOr<Architecture> FromContent(const SearchSpace& space, const std::string& path,
                                         const std::string& name) {
  PDARTS_ASSIGN_OR_RETURN(const std::string content, ReadText(path));
  if (!name.empty()) {
    PDARTS_ASSIGN_OR_RETURN(const std::string kept, KeepDefinition(content, name));
    return space.Parse(kept);
  }
  if (absl::EndsWith(path, ".textproto")) return FromTextproto(space, content);
  if (DerivedArchitecture found; absl::EndsWith(path, ".json") && ParseJson(content, &found).ok() &&
                                 found.has_architecture()) {
    return FromFound(space, found);
  }
  const std::vector<NumberedLine> lines = LinesWithContent(content);
  if (lines.size() == 1 && IsKnownName(space, lines[0].text)) {
    return ParseGenotype(space, lines[0].text);
  }
  // The position in an error is that in the file.
  return space.Parse(content);
}

absl::StatusOr<Architecture> FromFile(const SearchSpace& space, const std::string& given,
                                      const std::string& name) {
  const std::string path = UserPath(given);
  auto architecture = FromContent(space, path, name);
  if (!architecture.ok()) return Annotate(architecture.status(), path);
  return architecture;
}

absl::StatusOr<Architecture> FromFolder(const SearchSpace& space, const std::string& given) {
  PDARTS_ASSIGN_OR_RETURN(const DerivedArchitecture found,
                          ReadRunArchitecture(UserPath(given), space));
  return found.architecture();
}

/// Sets `is_path` to whether the architecture came from a file or a run.
absl::StatusOr<Architecture> Read(const SearchSpace& space, const std::string& given,
                                  bool* is_path) {
  if (IsKnownName(space, given)) return ParseGenotype(space, given);
  const fs::file_status status = StatusOf(given);
  *is_path = fs::exists(status);
  if (fs::is_directory(status)) return FromFolder(space, given);
  if (*is_path) return FromFile(space, given, /*name=*/"");
  const size_t colon = given.rfind(':');
  if (colon != std::string::npos && IsWord(absl::string_view(given).substr(colon + 1))) {
    const std::string file = given.substr(0, colon);
    *is_path = Exists(file) && !fs::is_directory(StatusOf(file));
    if (*is_path) return FromFile(space, file, given.substr(colon + 1));
    if (LooksLikePath(file)) return NoSuchFile(file);
  }
  if (LooksLikePath(given)) return NoSuchFile(given);
  absl::StatusOr<Architecture> architecture = ParseGenotype(space, given);
  if (!architecture.ok() && IsWord(given)) {
    return absl::Status(
        architecture.status().code(),
        absl::StrCat(architecture.status().message(), "; there is no file or run of that name"));
  }
  return architecture;
}

/// Reads a file in which each line holds an architecture. Empty if fewer than two lines hold one.
/// \error kInvalidArgument naming the first line without an architecture, if at least two other
/// lines hold one; as ReadText.
absl::StatusOr<std::vector<GivenGenotype>> ReadLines(const SearchSpace& space,
                                                     const std::string& given,
                                                     std::ostream* notes) {
  const std::string path = UserPath(given);
  const absl::StatusOr<std::string> content = ReadText(path);
  if (!content.ok()) return Annotate(content.status(), path);
  std::vector<GivenGenotype> genotypes;
  absl::Status failed;
  const ReadingNotes collected;
  for (const NumberedLine& line : LinesWithContent(*content)) {
    absl::StatusOr<Architecture> architecture = ParseGenotype(space, line.text);
    if (!architecture.ok()) {
      failed.Update(absl::Status(
          architecture.status().code(),
          absl::StrCat(path, ", line ", line.number, ": ", architecture.status().message(),
                       "; other lines hold genotypes, so that each must hold one")));
      continue;
    }
    GivenGenotype& genotype = genotypes.emplace_back();
    genotype.architecture = *std::move(architecture);
    PDARTS_ASSIGN_OR_RETURN(genotype.text, space.Format(genotype.architecture));
  }
  if (genotypes.size() < 2) return std::vector<GivenGenotype>();
  PDARTS_RETURN_IF_ERROR(failed);
  Tell(collected.notes(), notes);
  return genotypes;
}

}  // namespace

absl::StatusOr<GivenGenotype> ReadGivenGenotype(const SearchSpace& space, const std::string& given,
                                                std::ostream* notes) {
  GivenGenotype genotype;
  bool is_path = false;
  const ReadingNotes collected;
  PDARTS_ASSIGN_OR_RETURN(genotype.architecture, Read(space, given, &is_path));
  Tell(collected.notes(), notes);
  genotype.text = given;
  if (is_path) {
    PDARTS_ASSIGN_OR_RETURN(genotype.text, space.Format(genotype.architecture));
  }
  return genotype;
}

absl::StatusOr<std::vector<GivenGenotype>> ReadGivenGenotypes(const SearchSpace& space,
                                                              const std::string& given,
                                                              std::ostream* notes) {
  if (!IsKnownName(space, given) && fs::is_regular_file(StatusOf(given))) {
    PDARTS_ASSIGN_OR_RETURN(std::vector<GivenGenotype> of_lines, ReadLines(space, given, notes));
    if (of_lines.size() > 1) return of_lines;
  }
  PDARTS_ASSIGN_OR_RETURN(GivenGenotype one, ReadGivenGenotype(space, given, notes));
  return std::vector<GivenGenotype>{std::move(one)};
}

}  // namespace pdarts
