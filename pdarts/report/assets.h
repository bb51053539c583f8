#ifndef PDARTS_REPORT_ASSETS_H_
#define PDARTS_REPORT_ASSETS_H_

#include "pdarts/report/html.h"

namespace pdarts {

// Files that are built into the program, as the content of `<script>` and `<style>`.
ProgramText ReportScript();
ProgramText ReportStyle();
ProgramText ChartLibrary();

}  // namespace pdarts

#endif  // PDARTS_REPORT_ASSETS_H_
