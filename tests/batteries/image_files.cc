#include "tests/batteries/image_files.h"

#include <cstdint>
#include <filesystem>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/datasets/image_folder/image_folder.pb.h"
#include "pdarts/datasets/image_shards/image_shards.pb.h"
#include "pdarts/datasets/image_shards/testing.h"
#include "pdarts/images/testing.h"

namespace pdarts {
namespace {

constexpr int kClasses = 2;

bool IsJpeg(int number) { return number % 2 == 0; }

/// An image file with random pixels.
std::string ImageFile(int number) {
  std::mt19937 random(static_cast<uint32_t>(number));
  const auto width = static_cast<uint32_t>(12 + number % 5);
  const auto height = static_cast<uint32_t>(10 + number % 7);
  std::vector<uint8_t> pixels(size_t{3} * width * height);
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(random());
  if (IsJpeg(number)) {
    images::JpegContent content;
    content.width = width;
    content.height = height;
    content.pixels = std::move(pixels);
    return images::EncodeJpeg(content);
  }
  images::PngContent content;
  content.width = width;
  content.height = height;
  content.pixels = std::move(pixels);
  return images::EncodePng(content);
}

template <class Config>
google::protobuf::Any Packed(Config config, const std::string& folder) {
  config.set_folder(folder);
  config.set_classes(kClasses);
  config.set_image_size(8);
  config.set_memory_megabytes(0);
  for (int channel = 0; channel < 3; ++channel) {
    config.add_mean(0.5);
    config.add_deviation(0.25);
  }
  google::protobuf::Any any;
  any.PackFrom(config);
  return any;
}

}  // namespace

std::vector<google::protobuf::Any> WriteImageFiles(const std::string& folder, int train_images,
                                                   int test_images) {
  const std::string files = absl::StrCat(folder, "/files"),
                    shards = absl::StrCat(folder, "/shards");
  std::vector<std::pair<std::string, std::string>> train[2], test;
  for (int number = 0; number < train_images + test_images; ++number) {
    const bool is_train = number < train_images;
    const int label = number / 2 % kClasses;  // so that each class has images of both formats
    const std::string sample = absl::StrCat("image_", number);
    const std::string name = absl::StrCat(sample, IsJpeg(number) ? ".jpg" : ".png");
    const std::string bytes = ImageFile(number);
    images::WriteFile(
        absl::StrCat(files, is_train ? "/train" : "/test", "/class_", label, "/", name), bytes);
    auto& shard = is_train ? train[number / 4 % 2] : test;
    shard.emplace_back(name, bytes);
    shard.emplace_back(absl::StrCat(sample, ".cls"), absl::StrCat(label));
  }
  images::WriteFile(absl::StrCat(shards, "/train-0.tar"), image_shards::TarOf(train[0]));
  images::WriteFile(absl::StrCat(shards, "/train-1.tar"), image_shards::TarOf(train[1]));
  images::WriteFile(absl::StrCat(shards, "/test-0.tar"), image_shards::TarOf(test));
  return {Packed(image_folder::ImageFolderConfig(), files),
          Packed(image_shards::ImageShardsConfig(), shards)};
}

void CutOff(const std::string& path) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
}

}  // namespace pdarts
