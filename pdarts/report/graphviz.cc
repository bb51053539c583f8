#include "pdarts/report/graphviz.h"

#include <cstdlib>
#include <memory>

namespace pdarts {

std::string GraphvizReason() {
  const std::unique_ptr<char, void (*)(void*)> reason(aglasterr(), std::free);
  return reason == nullptr ? "no reason given" : reason.get();
}

std::string RenderGraph(GVC_t* context, Agraph_t* graph, const char* format) {
  char* data = nullptr;
  unsigned int length = 0;
  const bool failed = gvRenderData(context, graph, format, &data, &length) != 0;
  const std::unique_ptr<char, void (*)(char*)> owned(data, gvFreeRenderData);
  return failed || data == nullptr ? "" : std::string(data, length);
}

}  // namespace pdarts
