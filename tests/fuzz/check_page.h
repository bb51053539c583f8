#ifndef TESTS_FUZZ_CHECK_PAGE_H_
#define TESTS_FUZZ_CHECK_PAGE_H_

#include "absl/strings/string_view.h"

namespace pdarts {

/// CHECKs that HTML holds only the elements and attributes that reports are made of, that every
/// element is closed within the element that holds it, and that there are as many scripts as
/// `scripts`. If a text of a file had become markup, a CHECK would fail.
void CheckPage(absl::string_view html, int scripts);

}  // namespace pdarts

#endif  // TESTS_FUZZ_CHECK_PAGE_H_
