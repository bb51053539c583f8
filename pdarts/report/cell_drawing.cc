#include "pdarts/report/cell_drawing.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/report/graphviz.h"

namespace pdarts {
namespace {

constexpr char kGray[] = "#767676";

/// Graphviz's functions take text as `char*`, but do not write to it.
char* Text(const std::string& text) { return const_cast<char*>(text.c_str()); }

struct GraphCloser {
  void operator()(Agraph_t* graph) const { agclose(graph); }
};
using Graph = std::unique_ptr<Agraph_t, GraphCloser>;

/// Escapes a value, because Graphviz replaces sequences such as "\\N" and "&lt;".
std::string Literally(const std::string& value) {
  return absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"&", "&amp;"}});
}

void Set(void* object, const std::string& name, const std::string& value) {
  agsafeset(object, Text(name), Text(Literally(value)), Text(""));
}

/// Sets a default for all nodes or edges that are added later.
void Default(Agraph_t* graph, int kind, const std::string& name, const std::string& value) {
  agattr(graph, kind, Text(name), Text(Literally(value)));
}

/// The number of a node, as in the topology. Inputs and the output also have their names from the
/// papers, which are the outputs of the previous cells.
std::string NodeLabel(int node, int inputs, bool is_output) {
  if (is_output) return absl::StrCat(node, ": c(k)");
  if (node >= inputs) return absl::StrCat(node);
  return absl::StrCat(node, ": c(k-", inputs - node, ")");
}

Graph BuildGraph(const CellArchitecture& cell, const DrawingOptions& options) {
  const std::string id = options.id.empty() ? cell.kind() : options.id;
  Graph graph(agopen(Text("cell"), Agdirected, nullptr));
  Default(graph.get(), AGRAPH, "rankdir", options.vertical ? "TB" : "LR");
  Default(graph.get(), AGRAPH, "id", absl::StrCat(id, "_graph"));
  Default(graph.get(), AGRAPH, "bgcolor", "transparent");
  Default(graph.get(), AGRAPH, "pad", "0.1");
  Default(graph.get(), AGRAPH, "nodesep", "0.3");
  Default(graph.get(), AGRAPH, "ranksep", options.vertical ? "0.5" : "0.4");
  Default(graph.get(), AGNODE, "shape", "circle");
  Default(graph.get(), AGNODE, "width", "0.45");
  Default(graph.get(), AGNODE, "height", "0.4");
  Default(graph.get(), AGNODE, "margin", "0.08,0.04");
  Default(graph.get(), AGNODE, "fontname", "DejaVu Sans");
  Default(graph.get(), AGNODE, "fontsize", "13");
  Default(graph.get(), AGNODE, "class", "node");
  Default(graph.get(), AGEDGE, "fontname", "DejaVu Sans");
  Default(graph.get(), AGEDGE, "fontsize", "12");
  Default(graph.get(), AGEDGE, "penwidth", "1.6");
  Default(graph.get(), AGEDGE, "arrowsize", "0.7");

  std::set<int> nodes, targets;
  for (const ArchitectureEdge& edge : cell.edges()) {
    nodes.insert({edge.from(), edge.to()});
    targets.insert(edge.to());
  }
  nodes.insert(cell.concat().begin(), cell.concat().end());
  // Inputs come first, and are drawn even if no edge uses them.
  const int inputs = targets.empty() ? 1 : *targets.begin();
  for (int input = 0; input < inputs; ++input) nodes.insert(input);
  const int last = nodes.empty() ? 0 : *nodes.rbegin();
  const bool has_output = cell.concat_size() > 0;

  const auto find = [&](int node) {
    return agnode(graph.get(), Text(absl::StrCat("n", node)), /*create=*/1);
  };
  for (int node : nodes) {
    Agnode_t* drawn = find(node);
    const bool is_output = !has_output && node == last;
    Set(drawn, "label", NodeLabel(node, inputs, is_output));
    Set(drawn, "id", absl::StrCat(id, "_node_", node));
    if (node < inputs || is_output) Set(drawn, "shape", "box");
    if (node < inputs || is_output) Set(drawn, "style", "rounded");
  }
  int number = 0;
  for (const ArchitectureEdge& edge : cell.edges()) {
    Agedge_t* drawn = agedge(graph.get(), find(edge.from()), find(edge.to()), nullptr, 1);
    const auto place =
        std::find(options.operations.begin(), options.operations.end(), edge.operation());
    const bool colored = place != options.operations.end();
    const auto index = (place - options.operations.begin()) % kNumOperationColors;
    const std::string color = colored ? OperationColors(false)[index] : kGray;
    Set(drawn, "label", absl::StrCat(" ", edge.operation(), " "));
    Set(drawn, "color", color);
    Set(drawn, "fontcolor", color);
    Set(drawn, "class", colored ? absl::StrCat("op op-", index) : "op");
    Set(drawn, "id", absl::StrCat(id, "_edge_", number++));
  }
  if (has_output) {
    Agnode_t* output = agnode(graph.get(), Text("output"), 1);
    Set(output, "label", "c(k)");
    Set(output, "id", absl::StrCat(id, "_output"));
    Set(output, "shape", "box");
    Set(output, "style", "rounded");
    for (int node : cell.concat()) {
      Agedge_t* drawn = agedge(graph.get(), find(node), output, nullptr, 1);
      Set(drawn, "style", "dashed");
      Set(drawn, "color", kGray);
      Set(drawn, "penwidth", "1");
      Set(drawn, "class", "concat");
      Set(drawn, "id", absl::StrCat(id, "_concat_", node));
    }
  }
  return graph;
}

/// The error of Graphviz.
absl::Status GraphvizError(absl::string_view doing, const CellArchitecture& cell) {
  return absl::InternalError(
      absl::StrCat("Graphviz cannot ", doing, " the ", cell.kind(), " cell: ", GraphvizReason()));
}

/// Computes the layout of a cell, and writes the cell in some of Graphviz's formats.
absl::StatusOr<std::vector<std::string>> Draw(const CellArchitecture& cell,
                                              const DrawingOptions& options,
                                              const std::vector<const char*>& formats) {
  // Graphviz keeps state in global variables.
  static std::mutex* const one_at_a_time = new std::mutex;
  const std::lock_guard<std::mutex> lock(*one_at_a_time);
  static GVC_t* const context = [] {
    agseterr(AGMAX);  // errors are returned, not printed
    return gvContext();
  }();
  const Graph graph = BuildGraph(cell, options);
  if (gvLayout(context, graph.get(), "dot") != 0) return GraphvizError("lay out", cell);
  std::vector<std::string> drawings;
  for (const char* format : formats) {
    drawings.push_back(RenderGraph(context, graph.get(), format));
    if (drawings.back().empty()) break;
  }
  gvFreeLayout(context, graph.get());
  if (std::count(drawings.begin(), drawings.end(), "") > 0) return GraphvizError("write", cell);
  return drawings;
}

/// Cairo writes the time into a PDF, but a drawing must always give the same bytes. Cairo 1.18
/// compresses the part with the time, which then stays.
void ForgetTime(std::string* pdf) {
  const std::string key = "/CreationDate (D:";
  const size_t begin = pdf->find(key);
  if (begin == std::string::npos) return;
  for (size_t i = begin + key.size(); i < pdf->size() && absl::ascii_isdigit((*pdf)[i]); ++i) {
    (*pdf)[i] = i < begin + key.size() + 4 ? '2' : '1';  // the other parts keep their positions
  }
}

ProgramText OperationRules(bool dark) {
  ProgramText rules;
  const std::vector<std::string>& colors = OperationColors(dark);
  for (size_t i = 0; i < colors.size(); ++i) {
    rules.Append(ProgramTextCat(".op-", i, "{--c:"_program, colors[i], "}"_program));
  }
  return rules;
}

/// The style sheet of a drawing in a file of its own.
ProgramText FileStyle() {
  return ProgramTextCat(
      OperationRules(false), "@media(prefers-color-scheme:dark){"_program, OperationRules(true),
      "}svg{color:#111}@media(prefers-color-scheme:dark){svg{color:#eee}}"_program,
      "text{font-family:'DejaVu Sans',Verdana,sans-serif}.node text{fill:currentColor}"_program,
      ".node path,.node ellipse,.node polygon{stroke:currentColor}"_program,
      ".op path{stroke:var(--c)}.op polygon{stroke:var(--c);fill:var(--c)}"_program,
      ".op text{fill:var(--c)}"_program);
}

}  // namespace

const std::vector<std::string>& OperationColors(bool dark) {
  static const auto* on_light = new std::vector<std::string>{
      "#6b6b6b", "#a65a00", "#8a7000", "#007a5a", "#0060a0", "#0086c0", "#b0418a", "#c23b00"};
  static const auto* on_dark = new std::vector<std::string>{
      "#a8a8a8", "#f0a030", "#e8d44a", "#35c79a", "#5aa9f0", "#7fd4ff", "#e79ac8", "#ff8455"};
  static_assert(kNumOperationColors == 8, "as many as stand here");
  return dark ? *on_dark : *on_light;
}

absl::StatusOr<Html> DrawCellElement(const CellArchitecture& cell, const DrawingOptions& options) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> drawings, Draw(cell, options, {"svg"}));
  return HtmlOfSvg(drawings[0]);
}

absl::StatusOr<CellFiles> DrawCellFiles(const CellArchitecture& cell,
                                        const DrawingOptions& options) {
  PDARTS_ASSIGN_OR_RETURN(std::vector<std::string> drawings, Draw(cell, options, {"svg", "pdf"}));
  PDARTS_ASSIGN_OR_RETURN(const Html drawn, HtmlOfSvg(drawings[0], FileStyle()));
  CellFiles files;
  files.svg = SvgFile(drawn);
  files.pdf = std::move(drawings[1]);
  ForgetTime(&files.pdf);
  return files;
}

}  // namespace pdarts
