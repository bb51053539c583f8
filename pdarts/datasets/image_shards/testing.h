#ifndef PDARTS_DATASETS_IMAGE_SHARDS_TESTING_H_
#define PDARTS_DATASETS_IMAGE_SHARDS_TESTING_H_

#include <string>
#include <utility>
#include <vector>

namespace pdarts::image_shards {

/// A tar archive of files, which are given by names and contents. `pax` selects the format that
/// puts a header with more attributes before each file.
std::string TarOf(const std::vector<std::pair<std::string, std::string>>& files, bool pax = false);

/// Writes train-0.tar and train-1.tar with `images` images of each class, and test-0.tar with half
/// as many. The red value of an image tells its class: 255 * class / classes.
void WriteShards(const std::string& folder, int classes, int images);

}  // namespace pdarts::image_shards

#endif  // PDARTS_DATASETS_IMAGE_SHARDS_TESTING_H_
