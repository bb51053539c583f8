#ifndef PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_
#define PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/datasets/cifar/records.h"

namespace pdarts::cifar {

/// No published file of so many records is longer in Python's format.
int64_t MostPythonBytes(int64_t records);

/// Reads a batch of CIFAR's Python version: a pickle of a dict with an array of images ("data") and
/// lists of labels (LabelByte::python_key). Calls nothing that the pickle names: it takes the
/// bytes of an array of NumPy's, and leaves all else alone.
/// \return the batch in the binary layout, as ReadRecords reads it.
/// \error kDataLoss if the bytes are no such pickle, or hold another number of records or a label
/// that is no byte.
absl::StatusOr<std::string> RecordsOfPythonBatch(absl::string_view pickle, int64_t records,
                                                 const RecordFormat& format);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_PYTHON_BATCH_H_
