#ifndef PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_
#define PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/datasets/cifar/records.h"

namespace pdarts::cifar {

/// The maximum size of a published file of the Python version with this number of records.
int64_t MostPythonBytes(int64_t records);

/// Images and labels as in a batch of CIFAR's Python version, or of another dataset with the same
/// layout.
struct PythonImages {
  int64_t count = 0;
  absl::string_view pixels;                  ///< `[count,image_bytes]`, a part of the pickle
  std::vector<std::vector<int64_t>> labels;  ///< `[count]` for each key
};

struct PythonLayout {
  int64_t image_bytes = 0;              ///< size of each image in bytes
  std::vector<std::string> label_keys;  ///< names of the entries that hold a label for each image
  int64_t count = -1;                   ///< the exact number of images; -1: any number
  int64_t most_images = 0;  ///< in a file; this limits the number of values of the pickle
};

/// Reads a pickle of a dict with an array of images ("data", of unsigned bytes, with one image in
/// each row) and lists of labels. The function calls nothing that the pickle names: it reads the
/// bytes of a NumPy array, and ignores everything else.
/// \error kDataLoss if the bytes are not such a pickle, or do not fit the layout.
absl::StatusOr<PythonImages> ReadPythonImages(absl::string_view pickle, const PythonLayout& layout);

/// Reads a batch of CIFAR's Python version with ReadPythonImages. LabelByte::python_key names the
/// entries of the labels.
/// \return the batch in the binary layout that ReadRecords reads.
/// \error kDataLoss if the bytes are not such a pickle, or hold another number of records, or hold
/// a label that does not fit into a byte.
absl::StatusOr<std::string> RecordsOfPythonBatch(absl::string_view pickle, int64_t records,
                                                 const RecordFormat& format);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_
