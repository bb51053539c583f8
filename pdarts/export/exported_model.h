#ifndef PDARTS_EXPORT_EXPORTED_MODEL_H_
#define PDARTS_EXPORT_EXPORTED_MODEL_H_

#include <string>
#include <vector>

#include "pdarts/core/search_space.h"

namespace pdarts {

/// How an image file of any size becomes an image of the network.
struct ImagePreparation {
  /// Whether the whole image is resized, so that its proportions may change. Otherwise, the largest
  /// part in the middle with the proportions of the network's images is resized.
  bool stretches = false;
  double border = 0;  ///< share of the image that is cut off at each edge before that, in [0, 0.5)
};

/// The information about a network that an exported file contains beside the graph.
struct ExportedModel {
  std::string name;  ///< name of the run
  std::string search_space;
  std::string genotype;
  ImageShape image;
  int classes = 0;
  std::vector<std::string> class_names;  ///< in the order of the outputs; empty: unknown
  /// Channel statistics of pixel values in [0, 1]: images are normalized to (x - mean) / deviation,
  /// where `deviation` is the standard deviation. Empty: images are not normalized.
  std::vector<double> mean;
  std::vector<double> deviation;
  ImagePreparation preparation;
  std::string weights_file;  ///< name of the file with the weights, without folder
  std::string version;       ///< version of pdarts
};

}  // namespace pdarts

#endif  // PDARTS_EXPORT_EXPORTED_MODEL_H_
