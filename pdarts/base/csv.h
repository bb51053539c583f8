#ifndef PDARTS_BASE_CSV_H_
#define PDARTS_BASE_CSV_H_

#include <string>

namespace pdarts {

/// The text as a field of comma-separated values, in quotation marks if necessary. If a spreadsheet
/// would run the text as a formula, the field begins with an apostrophe, so that the spreadsheet
/// reads it as a text.
std::string CsvField(std::string text);

}  // namespace pdarts

#endif  // PDARTS_BASE_CSV_H_
