#include "pdarts/trainers/stand_in_data.h"

#include "ATen/ops/randint.h"
#include "pdarts/core/random.h"

namespace pdarts {

std::shared_ptr<const SampleSource> StandInSource(const DatasetInfo& info, int64_t images) {
  const at::Generator random = MakeGenerator(0, "stand-in data");
  const ImageShape& image = info.image;
  return MakeMemorySource(at::randint(256, {images, image.channels, image.height, image.width},
                                      random, at::TensorOptions(at::kByte)),
                          at::randint(static_cast<int64_t>(info.class_names.size()), {images},
                                      random, at::TensorOptions(at::kLong)),
                          "stand-in data");
}

DatasetSplits StandInData(const DatasetInfo& info, int64_t images) {
  DatasetSplits data;
  data.train = StandInSource(info, images);
  data.test = StandInSource(info, images);
  data.info = info;
  return data;
}

}  // namespace pdarts
