#include "tools/docs/picture.h"

#include <memory>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pdarts/report/graphviz.h"

namespace pdarts {

absl::StatusOr<std::string> DrawPicture(const std::string& dot) {
  agseterr(AGMAX);  // Graphviz returns errors instead of printing them
  const std::unique_ptr<Agraph_t, int (*)(Agraph_t*)> graph(agmemread(dot.c_str()), agclose);
  if (graph == nullptr)
    return absl::InvalidArgumentError(absl::StrCat("no graph: ", GraphvizReason()));
  for (const auto& [kind, name, value] :
       {std::tuple(AGRAPH, "bgcolor", "transparent"), std::tuple(AGRAPH, "fontname", "DejaVu Sans"),
        std::tuple(AGNODE, "fontname", "DejaVu Sans"),
        std::tuple(AGEDGE, "fontname", "DejaVu Sans")}) {
    agattr(graph.get(), kind, const_cast<char*>(name), const_cast<char*>(value));
  }
  const std::unique_ptr<GVC_t, int (*)(GVC_t*)> context(gvContext(), gvFreeContext);
  if (gvLayout(context.get(), graph.get(), "dot") != 0) {
    return absl::InternalError(absl::StrCat("Graphviz cannot lay it out: ", GraphvizReason()));
  }
  const std::string svg = RenderGraph(context.get(), graph.get(), "svg");
  gvFreeLayout(context.get(), graph.get());
  const size_t begin = svg.find("<svg");
  const size_t content = begin == svg.npos ? svg.npos : svg.find('>', begin);
  if (content == svg.npos) {
    return absl::InternalError(absl::StrCat("Graphviz wrote no <svg>: ", GraphvizReason()));
  }
  // All parts have one color, which depends on the background of the page.
  const std::string inked =
      absl::StrReplaceAll(svg.substr(content + 1), {{"stroke=\"black\"", "stroke=\"currentColor\""},
                                                    {"fill=\"black\"", "fill=\"currentColor\""},
                                                    {"<text ", "<text fill=\"currentColor\" "}});
  return absl::StrCat(svg.substr(begin, content + 1 - begin),
                      "\n<style>svg{color:#222}@media(prefers-color-scheme:dark){svg{color:#ddd}}"
                      "text{font-family:'DejaVu Sans',Verdana,sans-serif}</style>",
                      inked);
}

std::string WithoutPlaces(const std::string& svg) {
  std::string rest;
  for (const char c : svg) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_isdigit(byte) && !absl::ascii_isspace(byte) && c != '.' && c != ',' &&
        c != '-') {
      rest += c;
    }
  }
  return rest;
}

}  // namespace pdarts
