// Measures the images per second of the loader for JPEG files of 500x375 pixels, and of
// libjpeg-turbo's decoding of the same files without settings.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>
// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
// clang-format on

#include "ATen/Parallel.h"
#include "ATen/TensorOperators.h"
#include "ATen/core/Tensor.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/upsample_bilinear2d.h"
#include "absl/cleanup/cleanup.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "benchmarks/benchmark_program.h"
#include "benchmarks/flag_checks.h"
#include "benchmarks/step_timing.h"
#include "glog/logging.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/repeated_field.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/file.h"
#include "pdarts/base/json.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/seconds_since.h"
#include "pdarts/datasets/image_folder/image_folder.pb.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/datasets/transforms/transforms.pb.h"
#include "pdarts/images/encode_jpeg.h"
#include "pdarts/nn/kernels/memory.h"

ABSL_FLAG(int, files, 500, "JPEG files that are generated");
ABSL_FLAG(int, listed, 100000, "images of the folder: hard links to the files");
ABSL_FLAG(int, images, 2000, "images that each measurement of a round decodes");
ABSL_FLAG(int, rounds, 5, "each round measures everything once; the medians count");
ABSL_FLAG(bool, json, false, "print one JSON object");

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int64_t kHeight = 375, kWidth = 500;
constexpr int kSide = 224;
constexpr int kQuality = 90;
constexpr int kClasses = 100;
constexpr int kBatch = 64;
constexpr int64_t kPrefetchBytes = int64_t{100} << 20;

/// An image with large shapes and grain. Its file is as long as that of a photograph.
std::string MakeJpeg(int number) {
  const at::Generator generator = MakeGenerator(1, "picture", number);
  const at::Tensor shapes = at::upsample_bilinear2d(at::randn({1, 3, 9, 12}, generator) * 45,
                                                    {kHeight, kWidth}, /*align_corners=*/false);
  const at::Tensor grain = at::randn({1, 1, kHeight, kWidth}, generator) * 13;
  const at::Tensor pixels =
      (shapes + grain + 120).clamp(0, 255).to(at::kByte).squeeze(0).permute({1, 2, 0}).contiguous();
  return images::EncodeJpeg(pixels.const_data_ptr<uint8_t>(), kHeight, kWidth, kQuality);
}

std::string FileName(const fs::path& folder, int number) {
  return (folder / absl::StrCat("file_", number, ".jpg")).string();
}

/// Writes the files, and a folder train/ whose class folders contain links to the files.
absl::Status WriteFolder(const fs::path& folder) {
  const int files = absl::GetFlag(FLAGS_files), listed = absl::GetFlag(FLAGS_listed);
  for (int i = 0; i < files; ++i) {
    PDARTS_RETURN_IF_ERROR(WriteFileAtomically(FileName(folder, i), MakeJpeg(i)));
  }
  for (int c = 0; c < kClasses; ++c) {
    fs::create_directories(folder / "data/train" / absl::StrCat("class_", c));
  }
  for (int i = 0; i < listed; ++i) {
    const std::string name = (folder / "data/train" / absl::StrCat("class_", i % kClasses) /
                              absl::StrCat("image_", i, ".jpg"))
                                 .string();
    if (link(FileName(folder, i % files).c_str(), name.c_str()) != 0) {
      return SystemError("link", name);
    }
  }
  return absl::OkStatus();
}

/// Decodes a whole file with libjpeg-turbo's default settings. Dies if the file is damaged.
void DecodePlainly(const std::string& bytes, std::vector<uint8_t>* pixels) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  const size_t row_bytes = size_t{3} * info.output_width;
  pixels->resize(row_bytes * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels->data() + row_bytes * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
}

absl::StatusOr<double> PlainImagesPerSecond(const fs::path& folder) {
  const int files = absl::GetFlag(FLAGS_files), images = absl::GetFlag(FLAGS_images);
  std::vector<uint8_t> pixels;
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < images; ++i) {
    PDARTS_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(FileName(folder, i % files)));
    DecodePlainly(bytes, &pixels);
  }
  return images / SecondsSince(begin);
}

absl::StatusOr<DatasetSplits> OpenFolder(const fs::path& folder) {
  image_folder::ImageFolderConfig config;
  config.set_folder((folder / "data").string());
  config.set_classes(kClasses);
  config.set_image_size(kSide);
  config.set_memory_megabytes(0);
  for (int c = 0; c < 3; ++c) {
    config.add_mean(0.5);
    config.add_deviation(0.25);
  }
  google::protobuf::Any any;
  any.PackFrom(config);
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> dataset, Registry<Dataset>::Create(any));
  return dataset->Load({});
}

absl::StatusOr<Transforms> MakeTransforms(const DatasetInfo& info) {
  google::protobuf::RepeatedPtrField<google::protobuf::Any> list;
  list.Add()->PackFrom(transforms::RandomResizedCropConfig());
  list.Add()->PackFrom(transforms::FlipConfig());
  list.Add()->PackFrom(transforms::NormalizeConfig());
  return Transforms::Create("transforms", list, info);
}

/// `round` selects the images, which differ in each round.
absl::StatusOr<double> LoaderImagesPerSecond(const DatasetSplits& data, int workers, int round) {
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms, MakeTransforms(data.info));
  LoaderOptions options;
  options.batch_size = kBatch;
  options.seed = static_cast<uint64_t>(round);
  options.purpose = "train";
  options.workers = workers;
  options.prefetch_bytes = kPrefetchBytes;
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                          Loader::Create(data.train, at::arange(data.train->size(), at::kLong),
                                         transforms, data.info, at::kFloat, options));
  // The first batch is not timed, because it waits for the start of the workers.
  PDARTS_RETURN_IF_ERROR(loader->Next().status());
  int64_t images = 0;
  const Clock::time_point begin = Clock::now();
  while (images < absl::GetFlag(FLAGS_images)) {
    PDARTS_ASSIGN_OR_RETURN(const Batch batch, loader->Next());
    images += batch.images.size(0);
  }
  return static_cast<double>(images) / SecondsSince(begin);
}

absl::Status Run() {
  PDARTS_RETURN_IF_ERROR(CheckAtLeast("files", absl::GetFlag(FLAGS_files), 1));
  PDARTS_RETURN_IF_ERROR(CheckAtLeast("listed", absl::GetFlag(FLAGS_listed), kClasses));
  PDARTS_RETURN_IF_ERROR(CheckAtLeast("images", absl::GetFlag(FLAGS_images), 1));
  PDARTS_RETURN_IF_ERROR(CheckAtLeast("rounds", absl::GetFlag(FLAGS_rounds), 1));
  std::string folder = (fs::temp_directory_path() / "pdarts_loader_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return SystemError("make", folder);
  const absl::Cleanup remove = [&] {
    std::error_code error;
    fs::remove_all(folder, error);
  };
  PDARTS_RETURN_IF_ERROR(WriteFolder(folder));
  PDARTS_ASSIGN_OR_RETURN(const DatasetSplits data, OpenFolder(folder));
  std::vector<double> plain, one, two;
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    PDARTS_ASSIGN_OR_RETURN(plain.emplace_back(), PlainImagesPerSecond(folder));
    PDARTS_ASSIGN_OR_RETURN(one.emplace_back(), LoaderImagesPerSecond(data, 1, round));
    PDARTS_ASSIGN_OR_RETURN(two.emplace_back(), LoaderImagesPerSecond(data, 2, round));
  }
  const double peak_mb = static_cast<double>(PeakResidentBytes()) / 1e6;
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << Json::Object()
                     .Set("loader_images_per_s", Json::Fixed(Median(one), 1))
                     .Set("plain_decode_images_per_s", Json::Fixed(Median(plain), 1))
                     .Set("two_workers_images_per_s", Json::Fixed(Median(two), 1))
                     .Set("peak_rss_mb", Json::Fixed(peak_mb, 1))
                     .SpacedLine()
              << "\n";
    return absl::OkStatus();
  }
  const PairedRatio to_plain = RatioOf(one, plain), to_one = RatioOf(two, one);
  std::cout << absl::StrFormat(
      "libjpeg-turbo alone    %8.1f images/s\n"
      "loader, one worker     %8.1f images/s, %.2f times as many (%.2f to %.2f)\n"
      "loader, two workers    %8.1f images/s, %.2f times one worker's (%.2f to %.2f)\n"
      "peak resident memory   %8.1f MB\n",
      Median(plain), Median(one), to_plain.median, to_plain.min, to_plain.max, Median(two),
      to_one.median, to_one.min, to_one.max, peak_mb);
  return absl::OkStatus();
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  FLAGS_minloglevel = google::GLOG_ERROR;
  pdarts::nn::KeepFreedMemory();  // as in every program that trains
  at::set_num_threads(1);
  return pdarts::RunBenchmark(argc, argv, "Times the loader on JPEG files of 500x375 pixels.",
                              &pdarts::Run);
}
