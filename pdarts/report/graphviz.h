#ifndef PDARTS_REPORT_GRAPHVIZ_H_
#define PDARTS_REPORT_GRAPHVIZ_H_

#include <graphviz/gvc.h>

#include <string>

namespace pdarts {

/// The last error message of Graphviz.
std::string GraphvizReason();

/// A graph with a layout, in one of Graphviz's formats ("svg"); empty if Graphviz fails.
std::string RenderGraph(GVC_t* context, Agraph_t* graph, const char* format);

}  // namespace pdarts

#endif  // PDARTS_REPORT_GRAPHVIZ_H_
