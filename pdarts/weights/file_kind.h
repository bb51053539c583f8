#ifndef PDARTS_WEIGHTS_FILE_KIND_H_
#define PDARTS_WEIGHTS_FILE_KIND_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace pdarts {

/// The number of bytes at the beginning of a file that DescribeFileKind needs.
constexpr size_t kKindBytes = 512;

/// Describes a file that is not a known file of weights, by its first bytes: "an HTML page", "a
/// gzip archive: unpack it first". `beginning` holds the first kKindBytes of the file, or the whole
/// file. If the kind is unknown, the description quotes these bytes.
std::string DescribeFileKind(absl::string_view beginning);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_FILE_KIND_H_
