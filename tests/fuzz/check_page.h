#ifndef TESTS_FUZZ_CHECK_PAGE_H_
#define TESTS_FUZZ_CHECK_PAGE_H_

#include "absl/strings/string_view.h"

namespace pdarts {

/// CHECKs that HTML holds no elements and attributes but those that reports are made of, and as
/// many scripts as `scripts`: that no text of a file became markup.
void CheckPage(absl::string_view html, int scripts);

}  // namespace pdarts

#endif  // TESTS_FUZZ_CHECK_PAGE_H_
