#ifndef PDARTS_DATASETS_CIFAR_TESTING_H_
#define PDARTS_DATASETS_CIFAR_TESTING_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pdarts::cifar {

/// A batch of CIFAR's Python version.
struct PythonBatch {
  /// The names of the entries of labels, and an integer below 65536 for each image.
  std::vector<std::pair<std::string, std::vector<int>>> labels;
  std::string images;  ///< each has image_bytes bytes
  int64_t image_bytes = 3072;
  std::string type = "u1";             ///< the type of an element in NumPy
  int64_t rows = 0;                    ///< the number of rows in the shape of the array
  std::string maker = "_reconstruct";  ///< the function that makes the array
};

/// The batch as Python 2 wrote it: a pickle of protocol 1 or 2.
std::string PickleOf(const PythonBatch& batch, int protocol = 2);

/// The bytes of an image, which depend on their places: first + 7 * index, modulo 256.
std::string ImageFrom(int first);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_TESTING_H_
