#ifndef PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_
#define PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/datasets/cifar/records.h"

namespace pdarts::cifar {

/// No published file of so many records of CIFAR is longer in Python's format.
int64_t MostPythonBytes(int64_t records);

/// Images and labels, as they lie in a batch of the Python version of CIFAR or of a data set of the
/// same layout.
struct PythonImages {
  int64_t count = 0;
  absl::string_view pixels;                  ///< `[count,image_bytes]`, a part of the pickle
  std::vector<std::vector<int64_t>> labels;  ///< `[count]` of each key
};

struct PythonLayout {
  int64_t image_bytes = 0;              ///< of each image
  std::vector<std::string> label_keys;  ///< entries with a label for each image
  int64_t count = -1;                   ///< how many images there must be; -1: any number
  int64_t most_images = 0;              ///< no file has more: its pickle may not hold more values
};

/// Reads a pickle of a dict with an array of images ("data", of unsigned bytes, an image a row) and
/// lists of labels. Calls nothing that the pickle names: it takes the bytes of an array of NumPy's,
/// and leaves all else alone.
/// \error kDataLoss if the bytes are no such pickle, or do not fit the layout.
absl::StatusOr<PythonImages> ReadPythonImages(absl::string_view pickle, const PythonLayout& layout);

/// Reads a batch of CIFAR's Python version by ReadPythonImages, with labels at
/// LabelByte::python_key.
/// \return the batch in the binary layout, as ReadRecords reads it.
/// \error kDataLoss if the bytes are no such pickle, or hold another number of records or a label
/// that is no byte.
absl::StatusOr<std::string> RecordsOfPythonBatch(absl::string_view pickle, int64_t records,
                                                 const RecordFormat& format);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_
