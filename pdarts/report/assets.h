#ifndef PDARTS_REPORT_ASSETS_H_
#define PDARTS_REPORT_ASSETS_H_

namespace pdarts {

// Files that are built into the program.
extern const char* const kReportScript;
extern const char* const kReportStyle;
extern const char* const kChartLibrary;

}  // namespace pdarts

#endif  // PDARTS_REPORT_ASSETS_H_
