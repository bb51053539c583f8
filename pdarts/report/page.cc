#include "pdarts/report/page.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/spec.h"
#include "pdarts/report/assets.h"
#include "pdarts/report/cell_drawing.h"
#include "pdarts/report/pictures.h"

namespace pdarts {
namespace {

/// A description of the cell for readers who do not see it.
std::string CellInWords(const CellArchitecture& cell) {
  std::vector<std::string> edges;
  for (const ArchitectureEdge& edge : cell.edges()) {
    edges.push_back(absl::StrCat(edge.operation(), " from node ", edge.from(), " to ", edge.to()));
  }
  return absl::StrCat("The ", CellName(cell.kind()), ": ", absl::StrJoin(edges, ", "));
}

/// The colors of operations as style rules.
ProgramText ColorRules() {
  ProgramText rules;
  for (const bool dark : {false, true}) {
    const std::vector<std::string>& palette = OperationColors(dark);
    ProgramText colors;
    for (size_t i = 0; i < palette.size(); ++i) {
      colors.Append(
          ProgramTextCat(i > 0 ? ";"_program : ProgramText(), "--op", i, ":"_program, palette[i]));
    }
    rules.Append(ProgramTextCat(
        dark ? "@media screen and (prefers-color-scheme:dark){"_program : ProgramText(),
        ":root{"_program, colors, dark ? "}}\n"_program : "}\n"_program));
  }
  for (size_t i = 0; i < OperationColors(false).size(); ++i) {
    rules.Append(ProgramTextCat(".op-", i, "{--c:var(--op"_program, i, ")}"_program));
  }
  return rules;
}

/// The provenance of a run: program, machine and data.
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
  Html links;
  for (const PageSection& section : sections) {
    links.Append(Element(Tag::kLi, Element(Tag::kA, {LinkTo(section.id)}, section.name)));
  }
  return Block(Tag::kNav, {{Attr::kAriaLabel, "Sections"}}, Element(Tag::kUl, links));
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
    const Html drawings =
        Element(Tag::kDiv, {{Attr::kRole, "img"}, {Attr::kAriaLabel, CellInWords(cell)}},
                Element(Tag::kDiv, {{Attr::kClass, "wide"}}, wide),
                Element(Tag::kDiv, {{Attr::kClass, "narrow"}}, narrow));
    const Html caption = Element(Tag::kFigcaption, "The ", CellName(cell.kind()),
                                 is_final ? "" : " as it would be derived now",
                                 ". Solid: operations; dashed: to the cell's output.");
    figures.Append(Block(
        Tag::kFigure, {{Attr::kClass, "cell"}, {Attr::kId, absl::StrCat(id, cell.kind(), "_cell")}},
        drawings, caption));
  }
  return figures;
}

Html NothingDerived() { return Block(Tag::kP, "Nothing may be derived yet."); }

PageSection SampleSection(const TrainingSamples& samples) {
  return {"samples", "Images", "Training images as the network sees them", SamplePictures(samples)};
}

PageSection SpecSection(const std::optional<RunResult>& result,
                        const google::protobuf::Message& spec) {
  return {"spec", "Spec", "What was run",
          HtmlCat(result ? Provenance(*result) : Html(),
                  Block(Tag::kDetails, {{Attr::kDataPrint}},
                        Element(Tag::kSummary, "The complete spec"),
                        Element(Tag::kPre, PrintSpec(spec))))};
}

Html WholePage(absl::string_view title, const Html& body, const Charts& charts) {
  const Html spoken =
      Block(Tag::kP, {{Attr::kId, "spoken"}, {Attr::kClass, "hidden"}, {Attr::kRole, "status"}});
  return HtmlDocument(
      title, ProgramTextCat(ReportStyle(), ColorRules()),
      HtmlCat(body, spoken, charts.DataScript(), Script(ChartLibrary()), Script(ReportScript())));
}

Html WholeRunPage(absl::string_view title, absl::string_view description, const Html& tiles,
                  const std::vector<PageSection>& sections, const Charts& charts) {
  return WholePage(title,
                   HtmlCat(Block(Tag::kHeader, Block(Tag::kH1, title),
                                 Block(Tag::kP, {{Attr::kClass, "soft"}}, description),
                                 SectionLinks(sections), tiles),
                           Block(Tag::kMain, "\n", SectionBodies(sections))),
                   charts);
}

}  // namespace pdarts
