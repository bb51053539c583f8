#include "pdarts/datasets/augmentation/augmentation.h"

#include <algorithm>
#include <array>
#include <vector>

#include "ATen/Dispatch.h"
#include "ATen/ops/empty.h"
#include "glog/logging.h"

namespace pdarts {
namespace {

/// How one image is changed. Offsets count from the padded image's corner.
struct Change {
  int64_t top = 0;
  int64_t left = 0;
  bool flip = false;
  int64_t cut_top = 0, cut_bottom = 0, cut_left = 0, cut_right = 0;  ///< half open; empty: no cut
};

/// [N,k] uniform integers, column k below limits[k]; drawn in one call, so that the order is fixed.
std::vector<Change> DrawChanges(int64_t n, const ImageShape& image,
                                const AugmentationSettings& settings, at::Generator& generator) {
  constexpr int kDraws = 5;
  const at::Tensor uniform = at::empty({n, kDraws}, at::kDouble).uniform_(0, 1, generator);
  const auto u = uniform.accessor<double, 2>();
  const auto below = [](double value, int64_t limit) {
    return std::min(limit - 1, static_cast<int64_t>(value * static_cast<double>(limit)));
  };
  const int64_t offsets = 2 * settings.crop_padding() + 1;
  std::vector<Change> changes(n);
  for (int64_t i = 0; i < n; ++i) {
    Change& change = changes[i];
    change.top = below(u[i][0], offsets);
    change.left = below(u[i][1], offsets);
    change.flip = settings.flip() && u[i][2] < 0.5;
    if (const int64_t side = settings.cutout(); side > 0) {
      const int64_t y = below(u[i][3], image.height), x = below(u[i][4], image.width);
      change.cut_top = std::max<int64_t>(0, y - side / 2);
      change.cut_bottom = std::min<int64_t>(image.height, y - side / 2 + side);
      change.cut_left = std::max<int64_t>(0, x - side / 2);
      change.cut_right = std::min<int64_t>(image.width, x - side / 2 + side);
    }
  }
  return changes;
}

template <class T>
void WriteImage(const uint8_t* image, const ImageShape& shape, const std::vector<T>& normalised,
                const Change& change, int64_t padding, T* out) {
  const int64_t height = shape.height, width = shape.width;
  const int64_t dy = change.top - padding, dx = change.left - padding;
  // Columns of the output that lie inside the image before flipping.
  const int64_t begin = std::clamp<int64_t>(-dx, 0, width);
  const int64_t end = std::clamp<int64_t>(width - dx, begin, width);
  for (int64_t c = 0; c < shape.channels; ++c) {
    const T* value = normalised.data() + 256 * c;
    for (int64_t y = 0; y < height; ++y) {
      T* row = out + (c * height + y) * width;
      const int64_t from = y + dy;
      if (from < 0 || from >= height) {
        std::fill(row, row + width, value[0]);
        continue;
      }
      const uint8_t* pixels = image + (c * height + from) * width + dx;
      std::fill(row, row + begin, value[0]);
      for (int64_t x = begin; x < end; ++x) row[x] = value[pixels[x]];
      std::fill(row + end, row + width, value[0]);
      if (change.flip) std::reverse(row, row + width);
    }
    for (int64_t y = change.cut_top; y < change.cut_bottom; ++y) {
      T* row = out + (c * height + y) * width;
      std::fill(row + change.cut_left, row + change.cut_right, T(0));
    }
  }
}

Batch MakeBatch(const ImageSplit& split, const at::Tensor& indices, const DatasetInfo& info,
                at::ScalarType dtype, const std::vector<Change>& changes, int64_t padding) {
  const ImageShape& shape = info.image;
  CHECK_EQ(static_cast<int>(info.mean.size()), shape.channels);
  CHECK_EQ(static_cast<int>(info.deviation.size()), shape.channels);
  CHECK(split.images.is_contiguous() && split.images.scalar_type() == at::kByte &&
        split.images.sizes().slice(1) ==
            at::IntArrayRef({shape.channels, shape.height, shape.width}))
      << "images " << split.images.sizes();
  const int64_t n = indices.size(0);
  Batch batch;
  batch.labels = split.labels.index_select(0, indices);
  batch.images = at::empty({n, shape.channels, shape.height, shape.width}, dtype);
  const auto index = indices.accessor<int64_t, 1>();
  const uint8_t* images = split.images.const_data_ptr<uint8_t>();
  const int64_t pixels = int64_t{shape.channels} * shape.height * shape.width;
  AT_DISPATCH_FLOATING_TYPES(dtype, "MakeBatch", [&] {
    std::vector<scalar_t> normalised;  // [C,256]
    for (int c = 0; c < shape.channels; ++c) {
      for (int v = 0; v < 256; ++v) {
        normalised.push_back(static_cast<scalar_t>((v / 255.0 - info.mean[c]) / info.deviation[c]));
      }
    }
    scalar_t* out = batch.images.mutable_data_ptr<scalar_t>();
    for (int64_t i = 0; i < n; ++i) {
      CHECK(index[i] >= 0 && index[i] < split.images.size(0)) << "image " << index[i];
      WriteImage(images + index[i] * pixels, shape, normalised, changes[i], padding,
                 out + i * pixels);
    }
  });
  return batch;
}

}  // namespace

Batch MakeTrainingBatch(const ImageSplit& split, const at::Tensor& indices,
                        const AugmentationSettings& settings, const DatasetInfo& info,
                        at::ScalarType dtype, at::Generator& generator) {
  return MakeBatch(split, indices, info, dtype,
                   DrawChanges(indices.size(0), info.image, settings, generator),
                   settings.crop_padding());
}

Batch MakeEvaluationBatch(const ImageSplit& split, const at::Tensor& indices,
                          const DatasetInfo& info, at::ScalarType dtype) {
  return MakeBatch(split, indices, info, dtype, std::vector<Change>(indices.size(0)), 0);
}

}  // namespace pdarts
