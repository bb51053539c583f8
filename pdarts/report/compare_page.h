#ifndef PDARTS_REPORT_COMPARE_PAGE_H_
#define PDARTS_REPORT_COMPARE_PAGE_H_

#include <string>
#include <vector>

#include "pdarts/comparison/comparison.pb.h"
#include "pdarts/report/html.h"

namespace pdarts {

/// What a page says of a comparison beside its numbers.
struct CompareText {
  std::string title;
  /// What an accuracy is, in one or more sentences.
  std::string accuracy;
  /// What an axis of accuracies is called: "predicted accuracy, %".
  std::string accuracy_axis;
  /// How the p-values were computed, in a sentence.
  std::string test;
  std::vector<std::string> notes;  ///< a sentence each
};

/// The page compare.html: the groups in a table and as a strip plot, accuracy against
/// multiply-adds, and every architecture.
Html ComparePage(const Comparison& comparison, const CompareText& text);

/// "0.0022", "0.00001"; a dash where there is none.
std::string PValueText(const ComparedGroup& group);

}  // namespace pdarts

#endif  // PDARTS_REPORT_COMPARE_PAGE_H_
