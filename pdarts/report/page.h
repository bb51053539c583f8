#ifndef PDARTS_REPORT_PAGE_H_
#define PDARTS_REPORT_PAGE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"
#include "pdarts/report/charts.h"
#include "pdarts/report/html.h"
#include "pdarts/report/run_files.h"
#include "pdarts/report/training_files.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/run_images.pb.h"

namespace pdarts {

/// The operations with which the searches of all runs begin, in the order of their topologies.
/// Their numbers are the numbers of the colors.
std::vector<std::string> OperationsOf(const std::vector<RunFiles>& runs);

/// The operations of one search space.
std::vector<std::string> OperationsOf(const Topology& topology);

/// "quickstart, seed 1". Run: RunFiles or TrainingFiles.
template <class Run>
std::string RunTitle(const Run& run) {
  return absl::StrCat(run.spec.name(), ", seed ", run.spec.seed());
}

/// The cells of an architecture as drawings. `id` is unique in the page. is_final: whether the
/// architecture can no longer change. \error as DrawCellElement.
absl::StatusOr<Html> CellFigures(const Architecture& architecture, bool is_final,
                                 const std::vector<std::string>& operations, absl::string_view id);

/// The sentence for a search that has no architecture yet.
Html NothingDerived();

/// A part of a page. The link "#id" leads to it.
struct PageSection {
  std::string id;
  std::string name;  ///< of the link
  std::string title;
  Html content;
};

/// The training images with which a run begins.
PageSection SampleSection(const TrainingSamples& samples);

/// The provenance of a run if it is finished (program, machine and data), and its spec.
PageSection SpecSection(const std::optional<RunResult>& result,
                        const google::protobuf::Message& spec);

/// A complete page around `body`, with the script and styles that it needs. The browser fetches
/// nothing.
Html WholePage(absl::string_view title, const Html& body, const Charts& charts);

/// The complete page of a run: its description, tiles, links to the sections, and the sections.
Html WholeRunPage(absl::string_view title, absl::string_view description, const Html& tiles,
                  const std::vector<PageSection>& sections, const Charts& charts);

/// The page of one run. \error as DrawCellElement.
absl::StatusOr<Html> RunPage(const RunFiles& run);

/// The page of one training. \error as DrawCellElement.
absl::StatusOr<Html> TrainingPage(const TrainingFiles& run);

/// A run that cannot be compared with others, and the reason.
struct UnreadableRun {
  std::string path;
  absl::Status reason;
};

/// A page with several runs, at least one: searches with their curves and cells, and trainings in a
/// table. If there are no searches, the trainings have curves too.
Html ComparisonPage(const std::vector<RunFiles>& runs, const std::vector<TrainingFiles>& trainings,
                    const std::vector<UnreadableRun>& unreadable);

}  // namespace pdarts

#endif  // PDARTS_REPORT_PAGE_H_
