#ifndef PDARTS_IMAGES_TESTING_H_
#define PDARTS_IMAGES_TESTING_H_

#include <cstdint>
#include <string>
#include <vector>

namespace pdarts::images {

/// EXIF data that contain only an orientation, without "Exif\0\0" before them.
std::string ExifOf(int orientation, bool big_endian = false);

/// The content of a PNG file. `pixels` are rows in the form of libpng (16-bit values with the most
/// significant byte first).
struct PngContent {
  uint32_t width = 0;
  uint32_t height = 0;
  int color_type = 2;  ///< PNG_COLOR_TYPE_*: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA
  int bits = 8;
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> palette;       ///< red, green, blue of each entry
  std::vector<uint8_t> transparency;  ///< alpha of the first palette entries
  bool interlaced = false;
  double gamma = 0;  ///< for a gAMA chunk; 0: no chunk
  std::string exif;  ///< for an eXIf chunk, as ExifOf; empty: no chunk
};
std::string EncodePng(const PngContent& content);

/// The content of a JPEG file, in a color space with this number of components.
struct JpegContent {
  uint32_t width = 0;
  uint32_t height = 0;
  int components = 3;  ///< 1 gray, 3 RGB (stored as YCbCr), 4 CMYK
  bool ycck = false;   ///< 4 components stored as YCCK
  bool adobe = false;  ///< with Adobe's marker, which means inverted inks
  bool progressive = false;
  int color_columns = 1;  ///< number of neighboring pixels in a row that share a color: 1 or 2
  int color_rows = 1;     ///< number of neighboring pixels in a column that share a color
  std::vector<uint8_t> pixels;
  std::string exif;  ///< as ExifOf; empty: none
};
std::string EncodeJpeg(const JpegContent& content);

/// The content of a lossless WebP file.
struct WebpContent {
  uint32_t width = 0;
  uint32_t height = 0;
  int components = 3;  ///< 3 RGB, 4 RGBA
  std::vector<uint8_t> pixels;
  std::string exif;  ///< as ExifOf; empty: none
};
std::string EncodeWebp(const WebpContent& content);

/// A WebP file with two frames.
std::string AnimatedWebp();

/// The image as a lossy WebP file. The file has no transparency and no EXIF data.
std::string EncodeLossyWebp(const WebpContent& content);

/// A PNG, JPEG and WebP of one color.
std::string PlainPng(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue);

std::string PlainJpeg(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue);
std::string PlainWebp(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue);

/// Writes a file, and the folders above it.
void WriteFile(const std::string& path, const std::string& bytes);

/// Writes a folder of images for the dataset: `images` files train/class_N/*.png for each class,
/// and half as many in test/.
void WriteImageFolder(const std::string& folder, int classes, int images);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_TESTING_H_
