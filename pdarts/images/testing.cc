#include "pdarts/images/testing.h"

#include <png.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
// clang-format on

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"

namespace pdarts::images {

namespace {

std::vector<uint8_t> PlainPixels(uint32_t width, uint32_t height, uint8_t red, uint8_t green,
                                 uint8_t blue) {
  std::vector<uint8_t> pixels;
  for (uint32_t i = 0; i < width * height; ++i) {
    pixels.insert(pixels.end(), {red, green, blue});
  }
  return pixels;
}

WebPData DataOf(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

/// The bytes of the file that a mux describes. The function deletes the mux.
std::string Assemble(WebPMux* mux) {
  WebPData data;
  CHECK_EQ(WebPMuxAssemble(mux, &data), WEBP_MUX_OK);
  const std::string bytes(reinterpret_cast<const char*>(data.bytes), data.size);
  WebPDataClear(&data);
  WebPMuxDelete(mux);
  return bytes;
}

}  // namespace

std::string ExifOf(int orientation, bool big_endian) {
  // A header, and a directory with one entry: tag 0x0112, type 3 (16 bits), one value.
  std::string exif = big_endian
                         ? std::string("MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\0\0\0\0\0\0\0", 26)
                         : std::string("II*\0\10\0\0\0\1\0\22\1\3\0\1\0\0\0\0\0\0\0\0\0\0\0", 26);
  exif[big_endian ? 19 : 18] = static_cast<char>(orientation);
  return exif;
}

std::string EncodePng(const PngContent& content) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  std::string bytes;
  png_set_write_fn(
      png, &bytes,
      [](png_structp to, png_bytep data, size_t size) {
        static_cast<std::string*>(png_get_io_ptr(to))
            ->append(reinterpret_cast<const char*>(data), size);
      },
      nullptr);
  png_set_IHDR(png, info, content.width, content.height, content.bits, content.color_type,
               content.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette;
  for (size_t i = 0; i + 2 < content.palette.size(); i += 3) {
    palette.push_back({content.palette[i], content.palette[i + 1], content.palette[i + 2]});
  }
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (!content.transparency.empty()) {
    png_set_tRNS(png, info, content.transparency.data(),
                 static_cast<int>(content.transparency.size()), nullptr);
  }
  if (content.gamma > 0) png_set_gAMA(png, info, content.gamma);
  if (!content.exif.empty()) {
    std::string exif = content.exif;
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()),
                   reinterpret_cast<png_bytep>(&exif[0]));
  }
  png_write_info(png, info);
  const int passes = content.interlaced ? png_set_interlace_handling(png) : 1;
  const size_t row_bytes = png_get_rowbytes(png, info);
  CHECK_EQ(row_bytes * content.height, content.pixels.size());
  for (int pass = 0; pass < passes; ++pass) {
    for (uint32_t y = 0; y < content.height; ++y) {
      png_write_row(png, content.pixels.data() + y * row_bytes);
    }
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

std::string EncodeJpeg(const JpegContent& content) {
  CHECK_EQ(content.pixels.size(), size_t{content.width} * content.height * content.components);
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = content.width;
  info.image_height = content.height;
  info.input_components = content.components;
  info.in_color_space = content.components == 1   ? JCS_GRAYSCALE
                        : content.components == 3 ? JCS_RGB
                                                  : JCS_CMYK;
  jpeg_set_defaults(&info);
  if (content.ycck) jpeg_set_colorspace(&info, JCS_YCCK);
  jpeg_set_quality(&info, 100, TRUE);
  for (int c = 0; c < info.num_components; ++c) {
    const bool is_color = c == 1 || c == 2;
    info.comp_info[c].h_samp_factor = is_color ? 1 : content.color_columns;
    info.comp_info[c].v_samp_factor = is_color ? 1 : content.color_rows;
  }
  info.write_Adobe_marker = content.adobe || content.ycck ? TRUE : FALSE;
  if (content.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  if (!content.exif.empty()) {
    const std::string segment = absl::StrCat(absl::string_view("Exif\0\0", 6), content.exif);
    jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(segment.data()),
                      static_cast<unsigned>(segment.size()));
  }
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(content.pixels.data()) +
                   size_t{info.next_scanline} * content.width * content.components;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::string bytes(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return bytes;
}

std::string EncodeWebp(const WebpContent& content) {
  const auto width = static_cast<int>(content.width), height = static_cast<int>(content.height);
  CHECK_EQ(content.pixels.size(), size_t{content.width} * content.height * content.components);
  uint8_t* encoded = nullptr;
  const size_t size =
      content.components == 4
          ? WebPEncodeLosslessRGBA(content.pixels.data(), width, height, 4 * width, &encoded)
          : WebPEncodeLosslessRGB(content.pixels.data(), width, height, 3 * width, &encoded);
  CHECK_GT(size, 0);
  const std::string bytes(reinterpret_cast<char*>(encoded), size);
  WebPFree(encoded);
  if (content.exif.empty()) return bytes;
  const WebPData image = DataOf(bytes), exif = DataOf(content.exif);
  WebPMux* mux = WebPMuxCreate(&image, /*copy_data=*/1);
  CHECK_EQ(WebPMuxSetChunk(mux, "EXIF", &exif, /*copy_data=*/1), WEBP_MUX_OK);
  return Assemble(mux);
}

std::string EncodeLossyWebp(const WebpContent& content) {
  CHECK_EQ(content.components, 3);
  uint8_t* encoded = nullptr;
  const auto width = static_cast<int>(content.width), height = static_cast<int>(content.height);
  const size_t size =
      WebPEncodeRGB(content.pixels.data(), width, height, 3 * width, /*quality=*/90, &encoded);
  CHECK_GT(size, 0);
  const std::string bytes(reinterpret_cast<char*>(encoded), size);
  WebPFree(encoded);
  return bytes;
}

std::string AnimatedWebp() {
  const std::string bytes = PlainWebp(4, 4, 1, 2, 3);
  WebPMux* mux = WebPMuxNew();
  WebPMuxFrameInfo frame = {};
  frame.bitstream = DataOf(bytes);
  frame.id = WEBP_CHUNK_ANMF;
  frame.duration = 100;
  for (int i = 0; i < 2; ++i) {
    CHECK_EQ(WebPMuxPushFrame(mux, &frame, /*copy_data=*/1), WEBP_MUX_OK);
  }
  const WebPMuxAnimParams params = {};
  CHECK_EQ(WebPMuxSetAnimationParams(mux, &params), WEBP_MUX_OK);
  return Assemble(mux);
}

std::string PlainPng(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue) {
  PngContent content;
  content.width = width;
  content.height = height;
  content.pixels = PlainPixels(width, height, red, green, blue);
  return EncodePng(content);
}

std::string PlainJpeg(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue) {
  JpegContent content;
  content.width = width;
  content.height = height;
  content.pixels = PlainPixels(width, height, red, green, blue);
  return EncodeJpeg(content);
}

std::string PlainWebp(uint32_t width, uint32_t height, uint8_t red, uint8_t green, uint8_t blue) {
  WebpContent content;
  content.width = width;
  content.height = height;
  content.pixels = PlainPixels(width, height, red, green, blue);
  return EncodeWebp(content);
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void WriteImageFolder(const std::string& folder, int classes, int images) {
  for (int c = 0; c < classes; ++c) {
    for (int i = 0; i < images; ++i) {
      const auto red = static_cast<uint8_t>(255 * c / classes);
      const std::string png = PlainPng(9 + i, 11, red, static_cast<uint8_t>(7 * i), 40);
      const std::string name = absl::StrCat("/class_", c, "/image_", i, ".png");
      WriteFile(absl::StrCat(folder, "/train", name), png);
      if (i % 2 == 0) WriteFile(absl::StrCat(folder, "/test", name), png);
    }
  }
}

}  // namespace pdarts::images
