#include "benchmarks/trainer_search.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "benchmarks/child_output.h"
#include "benchmarks/seeded_candidates.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/report/log_lines.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {
namespace {

constexpr int kEpochs = 2;
constexpr int kClasses = 10;  // the same number as in the benchmark's super-network

std::string Spec(const Topology& topology, const TrainerSearch& search) {
  // Half of the training images train the weights, the other half the alphas. The dataset may need
  // more images than the search uses, because each class needs two images.
  const int64_t train_images = int64_t{2} * search.batch * search.steps;
  const int64_t made_images = std::max<int64_t>(train_images, 2 * kClasses);
  return absl::Substitute(
      R"(name: "benchmark"
space {
  [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {
$0  }
}
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: $8 height: 32 width: 32 channels: 3 train_images: $1 test_images: $8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] {
    cells: $2 channels: $3 epochs: $4 warmup_epochs: 0
  }
}
search {
  batch_size: $5 evaluation_batch_size: $5 train_images: $9 evaluated_epochs: 1
  kernels: $6 precision: $7
}
)",
      EdgesText(topology, search.candidates), made_images, search.cells, search.channels, kEpochs,
      search.batch, search.kernels, search.precision, kClasses, train_images);
}

}  // namespace

absl::StatusOr<TrainerSpeed> RunTrainerSearch(const Topology& topology,
                                              const TrainerSearch& search) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::string folder = (fs::temp_directory_path(error) / "pdarts_benchmark_XXXXXX").string();
  if (error || mkdtemp(folder.data()) == nullptr) return SystemError("create", folder);
  const absl::Cleanup remove = [&] { fs::remove_all(folder, error); };

  const std::string spec = folder + "/spec.textproto", run = folder + "/run";
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(spec, Spec(topology, search)));
  PDARTS_RETURN_IF_ERROR(
      OutputOf(search.program, {"search", "--spec=" + spec, "--output_dir=" + run,
                                absl::StrCat("--threads=", search.threads), "--device=cpu"})
          .status());
  std::optional<TrainerSpeed> speed;
  PDARTS_RETURN_IF_ERROR(ForEachLogLine<LogEvent>(run, [&](const LogEvent& event) {
    if (event.event() == "epoch" && event.epoch() == kEpochs) {
      speed = TrainerSpeed{event.images_per_second(), event.peak_memory_mb()};
    }
    return absl::OkStatus();
  }));
  if (!speed) {
    return absl::DataLossError(
        absl::StrCat("the log of ", search.program, " search has no epoch ", kEpochs));
  }
  return *speed;
}

}  // namespace pdarts
