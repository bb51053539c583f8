#include "tests/data_parallel/processes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/scalar_tensor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/testing/process_threads.h"

namespace pdarts {

absl::StatusOr<std::unique_ptr<Loader>> MakeLoader(const DatasetSplits& data, int64_t first_image,
                                                   Transforms transforms, std::string purpose,
                                                   at::ScalarType dtype, Communicator& communicator,
                                                   int64_t part_images) {
  LoaderOptions options;
  options.batch_size = kBatchImages;
  options.communicator = &communicator;
  options.part_images = part_images;
  options.seed = 1;
  options.purpose = std::move(purpose);
  return Loader::Create(data.train, at::arange(first_image, first_image + kEpochImages, at::kLong),
                        std::move(transforms), data.info, dtype, std::move(options));
}

at::Tensor Number(double value) { return at::scalar_tensor(value, at::kDouble); }

Tensors StateOf(const torch::nn::Module& module) {
  Tensors state;
  for (const auto& item : module.named_parameters())
    state[item.key()] = item.value().detach().clone();
  for (const auto& item : module.named_buffers()) state[item.key()] = item.value().detach().clone();
  return state;
}

void ExpectProcessesAgree(
    double tolerance,
    const std::function<absl::StatusOr<Tensors>(Communicator& communicator)>& train,
    const std::vector<int>& groups) {
  at::set_num_threads(1);
  const absl::StatusOr<Tensors> alone = train(SingleProcess());
  ASSERT_TRUE(alone.ok()) << alone.status();
  for (const int processes : groups) {
    SCOPED_TRACE(absl::StrCat(processes, " processes"));
    std::vector<Tensors> ends(processes);
    const auto statuses = RunProcesses(processes, [&](Communicator& communicator) -> absl::Status {
      PDARTS_ASSIGN_OR_RETURN(ends[communicator.rank()], train(communicator));
      return absl::OkStatus();
    });
    for (const absl::Status& status : statuses) ASSERT_TRUE(status.ok()) << status;
    for (const auto& [name, expected] : *alone) {
      const at::Tensor& found = ends[0][name];
      ASSERT_TRUE(found.defined()) << name;
      for (int rank = 1; rank < processes; ++rank) {
        EXPECT_TRUE(ends[rank][name].equal(found)) << name << " of process " << rank;
      }
      if (expected.numel() == 0) continue;
      const double scale = std::max(1.0, expected.abs().max().item<double>());
      EXPECT_LE((found - expected).abs().max().item<double>(), tolerance * scale) << name;
    }
  }
}

}  // namespace pdarts
