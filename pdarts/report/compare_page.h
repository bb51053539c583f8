#ifndef PDARTS_REPORT_COMPARE_PAGE_H_
#define PDARTS_REPORT_COMPARE_PAGE_H_

#include <string>
#include <vector>

#include "pdarts/comparison/comparison.pb.h"
#include "pdarts/report/html.h"

namespace pdarts {

/// The texts of a page about a comparison.
struct CompareText {
  std::string title;
  /// The meaning of an accuracy, in one or more sentences.
  std::string accuracy;
  /// The title of an axis of accuracies: "predicted accuracy, %".
  std::string accuracy_axis;
  /// How the p-values were computed, in a sentence.
  std::string test;
  std::vector<std::string> notes;  ///< one sentence each
};

/// The page compare.html: the groups in a table and as a strip plot, accuracy against
/// multiply-adds, and every architecture.
Html ComparePage(const Comparison& comparison, const CompareText& text);

/// "0.0022", "0.00001"; a dash if there is no p-value.
std::string PValueText(const ComparedGroup& group);

}  // namespace pdarts

#endif  // PDARTS_REPORT_COMPARE_PAGE_H_
