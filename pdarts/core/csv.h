#ifndef PDARTS_CORE_CSV_H_
#define PDARTS_CORE_CSV_H_

#include <string>

namespace pdarts {

/// A text as a field of comma-separated values: in quotation marks where it needs them. A text that
/// a spreadsheet would run as a formula gets an apostrophe before it, which spreadsheets take for
/// "this is text".
std::string CsvField(std::string text);

}  // namespace pdarts

#endif  // PDARTS_CORE_CSV_H_
