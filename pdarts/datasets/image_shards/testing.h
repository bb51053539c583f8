#ifndef PDARTS_DATASETS_IMAGE_SHARDS_TESTING_H_
#define PDARTS_DATASETS_IMAGE_SHARDS_TESTING_H_

#include <string>
#include <utility>
#include <vector>

namespace pdarts::image_shards {

/// A tar archive of these files: names and contents. pax: of the kind that puts a header with more
/// attributes before each file.
std::string TarOf(const std::vector<std::pair<std::string, std::string>>& files, bool pax = false);

/// Writes train-0.tar and train-1.tar with `images` images of each class, and test-0.tar with half
/// as many. The red of an image says its class: 255 * class / classes.
void WriteShards(const std::string& folder, int classes, int images);

}  // namespace pdarts::image_shards

#endif  // PDARTS_DATASETS_IMAGE_SHARDS_TESTING_H_
