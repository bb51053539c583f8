#include "pdarts/trainers/stand_in_data.h"

#include "ATen/ops/randint.h"
#include "pdarts/core/random.h"

namespace pdarts {

ImageSplit StandInSplit(const DatasetInfo& info, int64_t images) {
  const at::Generator random = MakeGenerator(0, "stand-in data");
  const ImageShape& image = info.image;
  ImageSplit split;
  split.images = at::randint(256, {images, image.channels, image.height, image.width}, random,
                             at::TensorOptions(at::kByte));
  split.labels = at::randint(static_cast<int64_t>(info.class_names.size()), {images}, random,
                             at::TensorOptions(at::kLong));
  return split;
}

DatasetSplits StandInData(const DatasetInfo& info, int64_t images) {
  DatasetSplits data;
  data.train = StandInSplit(info, images);
  data.test = StandInSplit(info, images);
  data.info = info;
  return data;
}

}  // namespace pdarts
