#include "pdarts/runs/model_zoo_page.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/runs/markdown_table.h"
#include "pdarts/runs/results_table.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/runs/search_decision.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

constexpr char kIntroduction[] =
    R"(# Model zoo

<!-- `pdarts results zoo --markdown` writes this page. -->

Searches that were run to their end, beside the published rows of the same searches. The folder of each run holds its spec, its
result, the architecture with the trace of its derivation, the genotype and the log, but no weights.

Memory is the peak of the process's resident memory. Parameters and multiply-adds are those of the derived network at the
search space's default size, as `pdarts count` counts them. The accuracies are those of the last stage's super-network
on the images that trained the alphas. The published searches ran on a GPU; `result.json` beside the spec says what a
run of the zoo ran on. The config is the complete spec of a run. The log has a line for each event; the log of a long
search leaves out epochs.
)";

/// The datasets that always have a section, even without rows, and the titles of these sections.
constexpr std::pair<const char*, const char*> kSections[] = {{"cifar10", "CIFAR-10"},
                                                             {"cifar100", "CIFAR-100"}};

/// A row of the page.
struct Row {
  std::string experiment;  ///< the experiment of the search
  const RunResult* result;
  std::string folder;  ///< empty for a published row
  bool is_repeated;    ///< whether the experiment has published rows

  bool is_published() const { return folder.empty(); }
};

std::string Number(bool is_known, double value, int digits) {
  return MarkdownText(is_known ? absl::StrFormat("%.*f", digits, value) : "");
}

/// A link to a file of a run.
std::string LinkTo(const std::string& name, const Row& row, const char* file) {
  return MarkdownLink(name, absl::StrCat(row.folder, "/", file));
}

std::vector<std::string> Cells(const Row& row) {
  const RunResult& result = *row.result;
  return {
      MarkdownText(result.search_space()),
      absl::StrCat(result.seed()),
      Number(result.has_mem_gb(), result.mem_gb(), 2),
      Number(result.has_params_m(), result.params_m(), 3),
      Number(result.has_flops_g(), result.flops_g(), 3),
      row.is_published() ? MarkdownCode(result.genotype()) : LinkTo("genotype", row, kGenotypeFile),
      Number(result.has_supernet_top1(), result.supernet_top1(), 2),
      Number(result.has_supernet_top5() && HasTop5(result), result.supernet_top5(), 2),
      Number(result.has_search_cost_s(), result.search_cost_s(), 0),
      row.is_published() ? absl::StrCat("published result of ", MarkdownText(row.experiment))
                         : LinkTo(MarkdownText(row.experiment), row, kSpecFile),
      row.is_published() ? MarkdownText("") : LinkTo("log", row, kLogFile),
  };
}

std::string Section(const std::string& title, const std::vector<Row>& rows) {
  if (rows.empty()) return absl::StrCat("\n## ", title, "\n\nThere is no run yet.\n");
  const std::vector<std::string> columns = {"search space",
                                            "seed",
                                            "memory, GB",
                                            "parameters, M",
                                            "multiply-adds, G",
                                            "genotype",
                                            "super-network top-1, %",
                                            "super-network top-5, %",
                                            "search cost, s",
                                            "config",
                                            "log"};
  std::string section =
      absl::StrCat("\n## ", title, "\n\n", MarkdownRow(columns), MarkdownRule(columns.size()));
  for (const Row& row : rows) absl::StrAppend(&section, MarkdownRow(Cells(row)));
  return section;
}

}  // namespace

absl::StatusOr<ZooRun> ReadZooRun(const std::string& run, const std::string& page_folder) {
  absl::StatusOr<RunResult> result = ReadRunResult(run);
  if (absl::IsNotFound(result.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat(run, " is not finished; a model zoo holds finished searches"));
  }
  PDARTS_RETURN_IF_ERROR(result.status());
  if (result->has_test_top1()) {
    return absl::InvalidArgumentError(
        absl::StrCat(run, " is a training; a model zoo holds searches"));
  }
  return ZooRun{*std::move(result), fs::path(run).lexically_relative(page_folder).string()};
}

std::string ModelZooPage(const std::vector<ZooRun>& runs) {
  std::set<std::string> repeated;
  std::map<std::string, std::vector<Row>> sections;
  for (const auto& [dataset, title] : kSections) sections[dataset];
  for (const ResultsRow& published : PublishedResults().rows()) {
    const RunResult& result = published.result();
    repeated.insert(published.experiment());
    const bool is_filled =
        result.genotype().empty() && std::any_of(runs.begin(), runs.end(), [&](const ZooRun& run) {
          return run.result.name() == published.experiment() && run.result.seed() == result.seed();
        });
    if (is_filled) continue;
    sections[result.dataset()].push_back({published.experiment(), &result, "", true});
  }
  for (const ZooRun& run : runs) {
    sections[run.result.dataset()].push_back(
        {run.result.name(), &run.result, run.folder, repeated.count(run.result.name()) != 0});
  }
  const auto key = [](const Row& row) {
    return std::make_tuple(row.result->search_space(), !row.is_repeated, row.experiment,
                           row.result->seed(), !row.is_published());
  };
  std::string page = kIntroduction;
  const auto add = [&](const std::string& title, std::vector<Row> rows) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const Row& a, const Row& b) { return key(a) < key(b); });
    absl::StrAppend(&page, Section(title, rows));
  };
  for (const auto& [dataset, title] : kSections) {
    const auto section = sections.extract(dataset);
    add(title, section.mapped());
  }
  for (const auto& [dataset, rows] : sections) add(MarkdownText(dataset), rows);
  return page;
}

}  // namespace pdarts
