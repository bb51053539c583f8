#ifndef PDARTS_RUNS_FILE_KIND_H_
#define PDARTS_RUNS_FILE_KIND_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace pdarts {

/// So many bytes of a file's beginning tell its kind.
constexpr size_t kKindBytes = 512;

/// What a file is that can't be read as weights, from its first bytes, kKindBytes or all of it:
/// "an HTML page", "a gzip archive: unpack it first". A kind that this function doesn't know is
/// described by those bytes.
std::string DescribeFileKind(absl::string_view beginning);

}  // namespace pdarts

#endif  // PDARTS_RUNS_FILE_KIND_H_
