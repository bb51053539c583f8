#include "pdarts/datasets/ordering.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ATen/ops/empty.h"
#include "ATen/ops/randperm.h"
#include "glog/logging.h"

namespace pdarts {

at::Tensor AlternateClasses(const at::Tensor& labels, at::Generator generator) {
  CHECK(labels.scalar_type() == at::kLong && labels.dim() == 1 && labels.device().is_cpu());
  const int64_t size = labels.size(0);
  const at::Tensor shuffled = at::randperm(size, generator, at::kLong);
  const auto label = labels.accessor<int64_t, 1>();
  const auto image = shuffled.accessor<int64_t, 1>();

  // The images of each class in random order. Classes of the same size are in the order in which
  // the shuffled images show them.
  std::vector<std::vector<int64_t>> classes;
  std::unordered_map<int64_t, size_t> index;
  for (int64_t i = 0; i < size; ++i) {
    const auto [place, is_new] = index.emplace(label[image[i]], classes.size());
    if (is_new) classes.emplace_back();
    classes[place->second].push_back(image[i]);
  }
  std::stable_sort(classes.begin(), classes.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });

  const at::Tensor order = at::empty({size}, at::kLong);
  auto* next = order.mutable_data_ptr<int64_t>();
  const size_t rounds = classes.empty() ? 0 : classes.front().size();
  std::vector<size_t> taken(classes.size());
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t c = 0; c < classes.size(); ++c) {
      // Image j of n comes in round floor(j * rounds / n).
      const size_t images = classes[c].size();
      if (taken[c] < images && taken[c] * rounds / images == round) {
        *next++ = classes[c][taken[c]++];
      }
    }
  }
  CHECK_EQ(next - order.mutable_data_ptr<int64_t>(), size);
  return order;
}

}  // namespace pdarts
