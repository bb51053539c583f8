#ifndef TESTS_BATTERIES_IMAGE_FILES_H_
#define TESTS_BATTERIES_IMAGE_FILES_H_

#include <string>
#include <vector>

#include "google/protobuf/any.pb.h"

namespace pdarts {

/// Writes the same images twice: as files in FOLDER/files, and as shards in FOLDER/shards. They are
/// JPEG and PNG images of two classes, of many sizes, and no two are alike. The even ones are
/// JPEG: image 0 is FOLDER/files/train/class_0/image_0.jpg.
/// \return the configs of the datasets image_folder and image_shards for them. They keep no image
/// in memory, and networks are given images of 8x8 pixels.
std::vector<google::protobuf::Any> WriteImageFiles(const std::string& folder, int train_images,
                                                   int test_images);

/// Takes the second half of a file away, so that it can't be read as an image.
void CutOff(const std::string& path);

}  // namespace pdarts

#endif  // TESTS_BATTERIES_IMAGE_FILES_H_
