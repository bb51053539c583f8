#include "pdarts/report/page.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/report/assets.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/pictures.h"

namespace pdarts {
namespace {

/// The cell in words, for who doesn't see it.
std::string CellInWords(const CellArchitecture& cell) {
  std::vector<std::string> edges;
  for (const ArchitectureEdge& edge : cell.edges()) {
    edges.push_back(absl::StrCat(edge.operation(), " from node ", edge.from(), " to ", edge.to()));
  }
  return absl::StrCat("The ", CellName(cell.kind()), ": ", absl::StrJoin(edges, ", "));
}

/// The colours of operations as style rules.
Html ColorRules() {
  Html rules;
  for (const bool dark : {false, true}) {
    const std::vector<std::string>& palette = OperationColors(dark);
    std::vector<std::string> colors;
    for (size_t i = 0; i < palette.size(); ++i) {
      colors.push_back(absl::StrCat("--op", i, ":", palette[i]));
    }
    rules.Append(HtmlCat(dark ? "@media screen and (prefers-color-scheme:dark){"_html : Html(),
                         ":root{"_html, absl::StrJoin(colors, ";"), "}"_html,
                         dark ? "}"_html : Html(), "\n"_html));
  }
  for (size_t i = 0; i < OperationColors(false).size(); ++i) {
    rules.Append(HtmlCat(".op-"_html, i, "{--c:var(--op"_html, i, ")}"_html));
  }
  return rules;
}

/// Where a run was made: program, machine and data.
Html Provenance(const RunResult& result) {
  std::vector<std::vector<HtmlValue>> rows = {{"commit", result.commit()},
                                              {"LibTorch", result.libtorch()},
                                              {"processor", result.cpu()},
                                              {"device", result.device()},
                                              {"kernels", result.kernels()}};
  if (result.has_gpu()) rows.push_back({"GPU", result.gpu()});
  if (result.kernels_used_size() > 0) {
    rows.push_back({"kernels that computed", absl::StrJoin(result.kernels_used(), ", ")});
  }
  if (result.has_device_mem_gb()) {
    rows.push_back({"peak memory of the device, GB", Measured(Number(result.device_mem_gb(), 2))});
  }
  if (result.processes() > 1) {
    std::vector<std::string> memory;
    for (const double gb : result.process_mem_gb()) memory.push_back(Number(gb, 2));
    rows.push_back({"processes", absl::StrCat(result.processes())});
    rows.push_back({"peak memory of each, GB", Measured(absl::StrJoin(memory, ", "))});
  }
  rows.insert(rows.end(), {{result.processes() > 1 ? "threads of each process" : "threads",
                            absl::StrCat(result.threads())},
                           {"data", result.dataset_source()},
                           {"checksum of the data", result.dataset_checksum()},
                           {"finished", Measured(result.finished())}});
  return HtmlScrolling("Where the run was made", HtmlTable(rows));
}

/// Links to the sections of a page.
Html SectionLinks(const std::vector<PageSection>& sections) {
  Html links = "<nav aria-label=\"Sections\"><ul>"_html;
  for (const PageSection& section : sections) {
    links.Append(
        HtmlCat("<li><a href=\"#"_html, section.id, "\">"_html, section.name, "</a></li>"_html));
  }
  links.Append("</ul></nav>\n"_html);
  return links;
}

/// The sections, one after the other.
Html SectionBodies(const std::vector<PageSection>& sections) {
  Html bodies;
  for (const PageSection& section : sections) {
    bodies.Append(HtmlSection(section.id, section.title, section.content));
  }
  return bodies;
}

}  // namespace

std::vector<std::string> OperationsOf(const std::vector<RunFiles>& runs) {
  std::vector<std::string> operations;
  for (const RunFiles& run : runs) {
    for (size_t k = 0; k < run.topology.kinds.size(); ++k) {
      const CellKind& kind = run.topology.kinds[k];
      std::set<int> initial;
      for (const EdgeCandidates& edge : run.initial[k]) initial.insert(edge.begin(), edge.end());
      for (const int place : initial) {
        const std::string& operation = kind.operations[place];
        if (std::find(operations.begin(), operations.end(), operation) == operations.end()) {
          operations.push_back(operation);
        }
      }
    }
  }
  return operations;
}

std::vector<std::string> OperationsOf(const Topology& topology) {
  std::vector<std::string> operations;
  for (const CellKind& kind : topology.kinds) {
    for (const std::string& operation : kind.operations) {
      if (std::find(operations.begin(), operations.end(), operation) == operations.end()) {
        operations.push_back(operation);
      }
    }
  }
  return operations;
}

absl::StatusOr<Html> CellFigures(const Architecture& architecture, bool is_final,
                                 const std::vector<std::string>& operations, absl::string_view id) {
  Html figures;
  for (const CellArchitecture& cell : architecture.cells()) {
    DrawingOptions options;
    options.operations = operations;
    options.id = absl::StrCat(id, cell.kind());
    PDARTS_ASSIGN_OR_RETURN(const Html wide, DrawCellElement(cell, options));
    options.vertical = true;
    options.id = absl::StrCat(id, cell.kind(), "_upright");
    PDARTS_ASSIGN_OR_RETURN(const Html narrow, DrawCellElement(cell, options));
    figures.Append(
        HtmlCat("<figure class=\"cell\" id=\""_html, id, cell.kind(),
                "_cell\"><div role=\"img\" aria-label=\""_html, CellInWords(cell),
                "\"><div class=\"wide\">"_html, wide, "</div><div class=\"narrow\">"_html, narrow,
                "</div></div><figcaption>The "_html, CellName(cell.kind()),
                is_final ? "" : " as it would be derived now",
                ". Solid: operations; dashed: to the cell's output.</figcaption></figure>\n"_html));
  }
  return figures;
}

PageSection SampleSection(const TrainingSamples& samples) {
  return {"samples", "Images", "Training images as the network sees them", SamplePictures(samples)};
}

PageSection SpecSection(const std::optional<RunResult>& result,
                        const google::protobuf::Message& spec) {
  return {"spec", "Spec", "What was run",
          HtmlCat(result ? Provenance(*result) : Html(),
                  "<details data-print><summary>The complete spec</summary><pre>"_html,
                  PrintSpec(spec), "</pre></details>\n"_html)};
}

Html WholePage(absl::string_view title, const Html& body, const Charts& charts) {
  return HtmlCat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"_html,
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"_html,
                 // Nothing is fetched, and nothing but the page's own script and style may work.
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "_html,
                 "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n"_html,
                 "<link rel=\"icon\" href=\"data:,\">\n<title>"_html, title,
                 "</title>\n<style>\n"_html, ReportStyle(), ColorRules(),
                 "\n</style>\n</head>\n<body>\n"_html, body,
                 "<p id=\"spoken\" class=\"hidden\" role=\"status\"></p>\n"_html,
                 "<script id=\"data\" type=\"application/json\">"_html, charts.Json(),
                 "</script>\n<script>\n"_html, ChartLibrary(), "\n</script>\n<script>\n"_html,
                 ReportScript(), "</script>\n</body>\n</html>\n"_html);
}

Html WholeRunPage(absl::string_view title, absl::string_view description, const Html& tiles,
                  const std::vector<PageSection>& sections, const Charts& charts) {
  return WholePage(title,
                   HtmlCat("<header><h1>"_html, title, "</h1>\n<p class=\"soft\">"_html,
                           description, "</p>\n"_html, SectionLinks(sections), tiles,
                           "</header>\n<main>\n"_html, SectionBodies(sections), "</main>\n"_html),
                   charts);
}

}  // namespace pdarts
