#include "pdarts/datasets/ordering.h"

#include <utility>

#include "ATen/ops/argsort.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/randperm.h"
#include "ATen/ops/zeros.h"

namespace pdarts {

at::Tensor AlternateClasses(const at::Tensor& labels, at::Generator generator) {
  const int64_t n = labels.size(0);
  if (n == 0) return at::empty({0}, at::kLong);
  const int64_t classes = labels.max().item<int64_t>() + 1;
  const at::Tensor shuffled = at::randperm(n, std::move(generator), at::kLong);
  // The k-th image of its class belongs to round k; a stable sort by round keeps the random order
  // within each round.
  const at::Tensor seen = at::zeros({classes}, at::kLong);
  const at::Tensor rounds = at::empty({n}, at::kLong);
  auto* count = seen.mutable_data_ptr<int64_t>();
  auto* round = rounds.mutable_data_ptr<int64_t>();
  const auto label = labels.accessor<int64_t, 1>();
  const auto order = shuffled.accessor<int64_t, 1>();
  for (int64_t i = 0; i < n; ++i) round[i] = count[label[order[i]]]++;
  return shuffled.index_select(0, at::argsort(rounds, /*stable=*/true));
}

}  // namespace pdarts
