#ifndef TESTS_FUZZ_CHECK_PAGE_H_
#define TESTS_FUZZ_CHECK_PAGE_H_

#include "absl/strings/string_view.h"

namespace pdarts {

/// CHECKs that HTML contains only the elements and attributes of reports, and exactly `scripts`
/// scripts. So no text of a file became markup.
void CheckPage(absl::string_view html, int scripts);

}  // namespace pdarts

#endif  // TESTS_FUZZ_CHECK_PAGE_H_
