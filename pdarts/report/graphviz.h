#ifndef PDARTS_REPORT_GRAPHVIZ_H_
#define PDARTS_REPORT_GRAPHVIZ_H_

#include <graphviz/gvc.h>

#include <string>

namespace pdarts {

/// What went wrong last, in Graphviz's words.
std::string GraphvizReason();

/// A graph that is laid out, in one of Graphviz's formats ("svg"); empty if that fails.
std::string RenderGraph(GVC_t* context, Agraph_t* graph, const char* format);

}  // namespace pdarts

#endif  // PDARTS_REPORT_GRAPHVIZ_H_
