#ifndef TESTS_BATTERIES_IMAGE_FILES_H_
#define TESTS_BATTERIES_IMAGE_FILES_H_

#include <string>
#include <vector>

#include "google/protobuf/any.pb.h"

namespace pdarts {

/// Writes the same images twice: as files in FOLDER/files, and as shards in FOLDER/shards. They are
/// JPEG and PNG images of two classes and many sizes, and all images differ. The images with even
/// numbers are JPEG: image 0 is FOLDER/files/train/class_0/image_0.jpg.
/// \return the configs of the datasets image_folder and image_shards for these images. Both keep no
/// image in memory, and their networks get images of 8x8 pixels.
std::vector<google::protobuf::Any> WriteImageFiles(const std::string& folder, int train_images,
                                                   int test_images);

/// Removes the second half of a file, so that it cannot be read as an image.
void CutOff(const std::string& path);

}  // namespace pdarts

#endif  // TESTS_BATTERIES_IMAGE_FILES_H_
