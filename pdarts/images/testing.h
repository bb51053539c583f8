#ifndef PDARTS_IMAGES_TESTING_H_
#define PDARTS_IMAGES_TESTING_H_

#include <cstdint>
#include <string>
#include <vector>

namespace pdarts::images {

/// EXIF data, without "Exif\0\0" before it, that names an orientation and nothing else.
std::string ExifOf(int orientation, bool big_endian = false);

/// What a PNG file holds; `pixels` as libpng wants the rows (16-bit values most significant byte
/// first).
struct PngContent {
  uint32_t width = 0;
  uint32_t height = 0;
  int colour_type = 2;  ///< PNG_COLOR_TYPE_*: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
  int bits = 8;
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> palette;       ///< red, green, blue of each entry
  std::vector<uint8_t> transparency;  ///< alpha of the first palette entries
  bool interlaced = false;
  double gamma = 0;  ///< of a gAMA chunk; 0: none
  std::string exif;  ///< of an eXIf chunk, as ExifOf; empty: none
};
std::string EncodePng(const PngContent& content);

/// What a JPEG file holds, in a colour space with as many components.
struct JpegContent {
  uint32_t width = 0;
  uint32_t height = 0;
  int components = 3;  ///< 1 grey, 3 RGB (stored as YCbCr), 4 CMYK
  bool ycck = false;   ///< 4 components stored as YCCK
  bool adobe = false;  ///< with Adobe's marker, which means inverted inks
  bool progressive = false;
  int colour_columns = 1;  ///< pixels side by side that share their colour: 1 or 2
  int colour_rows = 1;     ///< pixels one below the other that share it
  std::vector<uint8_t> pixels;
  std::string exif;  ///< as ExifOf; empty: none
};
std::string EncodeJpeg(const JpegContent& content);

/// What a WebP file holds, without loss.
struct WebpContent {
  uint32_t width = 0;
  uint32_t height = 0;
  int components = 3;  ///< 3 RGB, 4 RGBA
  std::vector<uint8_t> pixels;
  std::string exif;  ///< as ExifOf; empty: none
};
std::string EncodeWebp(const WebpContent& content);

/// A WebP of two frames.
std::string AnimatedWebp();

/// The same as a file of WebP's lossy kind. Without transparency and EXIF data.
std::string EncodeLossyWebp(const WebpContent& content);

/// A PNG, JPEG and WebP of one color.
std::string PlainPng(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue);

std::string PlainJpeg(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue);
std::string PlainWebp(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue);

/// Writes a file, and the folders above it.
void WriteFile(const std::string& path, const std::string& bytes);

/// Writes a folder of images for the dataset: train/class_N/*.png with `images` each, and half as
/// many in test/.
void WriteImageFolder(const std::string& folder, int classes, int images);

}  // namespace pdarts::images

#endif  // PDARTS_IMAGES_TESTING_H_
