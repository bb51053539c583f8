#include "pdarts/cli/numpy_file.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/python_text.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

constexpr absl::string_view kArrayMagic = "\x93NUMPY";
constexpr absl::string_view kZipMagic = "PK\x03\x04";
constexpr int64_t kMostElements = int64_t{1} << 20;
constexpr size_t kMostArrays = 64;
constexpr size_t kMostDimensions = 8;
/// The size of the longest array with its header, in bytes.
constexpr size_t kMostBytes = 8 * kMostElements + (1 << 16);
constexpr size_t kBlock = 1 << 16;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the NumPy file is damaged: ", what));
}

/// The type of an array's elements.
struct ElementType {
  char kind = '\0';  ///< 'b', 'i', 'u' or 'f'
  size_t width = 0;  ///< bytes
  bool big_endian = false;
};

absl::StatusOr<ElementType> ParseElementType(absl::string_view text) {
  ElementType type;
  size_t width = 0;
  if (text.size() < 3 || !absl::StrContains("<>|=", text[0]) ||
      !absl::SimpleAtoi(text.substr(2), &width)) {
    return absl::InvalidArgumentError(absl::StrCat("its elements are of the type \"",
                                                   text.substr(0, 32), "\", expected numbers"));
  }
  type.kind = text[1];
  type.width = width;
  type.big_endian = text[0] == '>';
  const bool is_power = width == 1 || width == 2 || width == 4 || width == 8;
  const bool fits = (type.kind == 'b' && width == 1) ||
                    (type.kind == 'f' && is_power && width > 1) ||
                    ((type.kind == 'i' || type.kind == 'u') && is_power);
  if (fits) return type;
  return absl::InvalidArgumentError(absl::StrCat(
      "its elements are of the type \"", text.substr(0, 32), "\", expected integers or floats"));
}

double HalfToDouble(uint64_t bits) {
  const auto exponent = static_cast<int>(bits >> 10 & 31);
  const auto mantissa = static_cast<double>(bits & 1023);
  double value =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31) value = mantissa == 0 ? HUGE_VAL : std::nan("");
  return (bits & 0x8000) != 0 ? -value : value;
}

double Element(absl::string_view bytes, const ElementType& type) {
  std::string own(bytes);
  if (type.big_endian) std::reverse(own.begin(), own.end());
  const uint64_t bits = ReadLittleEndian(own);
  if (type.kind == 'b' || type.kind == 'u') return static_cast<double>(bits);
  if (type.kind == 'i') {
    const auto unused = static_cast<int>(64 - 8 * type.width);
    return static_cast<double>(static_cast<int64_t>(bits << unused) >> unused);
  }
  if (type.width == 2) return HalfToDouble(bits);
  if (type.width == 4) {
    const auto narrow = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &narrow, sizeof(value));
    return value;
  }
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// The place of an element in the file. `index` counts the elements with the last index fastest.
int64_t PlaceOf(int64_t index, const std::vector<int64_t>& shape, bool first_fastest) {
  if (!first_fastest) return index;
  int64_t place = 0, stride = 1, left = 1;
  for (const int64_t size : shape) left *= size;
  for (const int64_t size : shape) {
    left /= size;
    place += index / left * stride;
    index %= left;
    stride *= size;
  }
  return place;
}

absl::StatusOr<NumpyArray> ReadArray(absl::string_view bytes) {
  if (!absl::ConsumePrefix(&bytes, kArrayMagic) || bytes.size() < 2) {
    return Damaged("it does not begin as an array does");
  }
  const size_t width = bytes[0] == 1 ? 2 : 4;
  bytes.remove_prefix(2);
  if (bytes.size() < width) return Damaged("it ends within its header");
  const uint64_t header_size = ReadLittleEndian(bytes.substr(0, width));
  bytes.remove_prefix(width);
  if (header_size > bytes.size()) return Damaged("it ends within its header");
  const PythonReading reading = ReadPythonValue(bytes.substr(0, header_size), 0);
  bytes.remove_prefix(header_size);
  const PythonValue& header = reading.value;
  if (reading.error || !header.is(PythonValue::Kind::kDict))
    return Damaged("its header is not a dict");
  const auto entry = [&](absl::string_view key) -> const PythonValue* {
    const auto place = std::find(header.keys.begin(), header.keys.end(), key);
    return place == header.keys.end() ? nullptr : &header.items[place - header.keys.begin()];
  };
  const PythonValue* const type_entry = entry("descr");
  const PythonValue* const shape_entry = entry("shape");
  const PythonValue* const order_entry = entry("fortran_order");
  if (type_entry == nullptr || shape_entry == nullptr || order_entry == nullptr ||
      !shape_entry->is(PythonValue::Kind::kSequence)) {
    return Damaged("its header lacks descr, shape or fortran_order");
  }
  PDARTS_ASSIGN_OR_RETURN(const ElementType type, ParseElementType(type_entry->text));
  if (shape_entry->items.size() > kMostDimensions) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has more than ", kMostDimensions, " dimensions"));
  }
  NumpyArray array;
  int64_t elements = 1;
  for (const PythonValue& item : shape_entry->items) {
    int64_t size = -1;
    if (!absl::SimpleAtoi(item.text, &size) || size < 0) return Damaged("its shape is none");
    if (size > kMostElements || elements * size > kMostElements) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the array has more than ", kMostElements, " elements"));
    }
    elements *= size;
    array.shape.push_back(size);
  }
  if (bytes.size() != elements * type.width) {
    return Damaged(absl::StrCat("it has ", bytes.size(), " bytes of elements, expected ",
                                elements * type.width));
  }
  const bool first_fastest = order_entry->text == "True";
  for (int64_t i = 0; i < elements; ++i) {
    const int64_t place = PlaceOf(i, array.shape, first_fastest);
    array.values.push_back(Element(bytes.substr(place * type.width, type.width), type));
  }
  return array;
}

struct CloseArchive {
  void operator()(archive* open) const { archive_read_free(open); }
};

/// The bytes of the current entry of an archive.
absl::StatusOr<std::string> ReadEntry(archive* open) {
  std::string content;
  for (;;) {
    const size_t before = content.size();
    content.resize(before + kBlock);
    const la_ssize_t got = archive_read_data(open, content.data() + before, kBlock);
    if (got < 0) return Damaged("an array in it cannot be unpacked");
    content.resize(before + static_cast<size_t>(got));
    if (got == 0) return content;
    if (content.size() > kMostBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("an array has more than ", kMostElements, " elements"));
    }
  }
}

absl::StatusOr<std::vector<NumpyArray>> ReadArchive(absl::string_view bytes) {
  const std::unique_ptr<archive, CloseArchive> open(archive_read_new());
  archive_read_support_format_zip(open.get());
  if (archive_read_open_memory(open.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return Damaged("it is not a zip file");
  }
  std::vector<NumpyArray> arrays;
  int64_t elements = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(open.get(), &entry);
    if (result == ARCHIVE_EOF) return arrays;
    if (result != ARCHIVE_OK) return Damaged("its zip directory cannot be read");
    const char* const name = archive_entry_pathname(entry);
    if (arrays.size() == kMostArrays) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the file holds more than ", kMostArrays, " arrays"));
    }
    PDARTS_ASSIGN_OR_RETURN(const std::string content, ReadEntry(open.get()));
    const std::string shown(absl::StripSuffix(name == nullptr ? "" : name, ".npy"));
    auto array = ReadArray(content);
    if (!array.ok()) return Annotate(array.status(), absl::StrCat("array ", shown.substr(0, 80)));
    elements += static_cast<int64_t>(array->values.size());
    if (elements > kMostElements) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the arrays have more than ", kMostElements, " elements"));
    }
    array->name = shown;
    arrays.push_back(*std::move(array));
  }
}

}  // namespace

bool IsNumpyFile(absl::string_view bytes) {
  return absl::StartsWith(bytes, kArrayMagic) || absl::StartsWith(bytes, kZipMagic);
}

absl::StatusOr<std::vector<NumpyArray>> ReadNumpyFile(absl::string_view bytes) {
  if (absl::StartsWith(bytes, kZipMagic)) return ReadArchive(bytes);
  PDARTS_ASSIGN_OR_RETURN(NumpyArray array, ReadArray(bytes));
  std::vector<NumpyArray> arrays;
  arrays.push_back(std::move(array));
  return arrays;
}

}  // namespace pdarts
