#ifndef PDARTS_EXPORT_EXPORTED_MODEL_H_
#define PDARTS_EXPORT_EXPORTED_MODEL_H_

#include <string>
#include <vector>

#include "pdarts/core/search_space.h"

namespace pdarts {

/// How an image file of any size becomes an image of the network.
struct ImagePreparation {
  /// Whether the whole image is resized, whatever its proportions. Else the largest part in the
  /// middle that has the network's proportions is.
  bool stretches = false;
  double border = 0;  ///< share of the image that is cut off at each edge before that, in [0, 0.5)
};

/// What an exported file says of a network beside its graph.
struct ExportedModel {
  std::string name;  ///< of the run
  std::string search_space;
  std::string genotype;
  ImageShape image;
  int classes = 0;
  std::vector<std::string> class_names;  ///< in the order of the outputs; empty: not known
  /// Of each channel, of values in [0, 1]: images are normalized to (x - mean) / deviation. Empty:
  /// they are not.
  std::vector<double> mean;
  std::vector<double> deviation;
  ImagePreparation preparation;
  std::string weights_file;  ///< name of the file that has the weights, without folder
  std::string version;       ///< of pdarts
};

}  // namespace pdarts

#endif  // PDARTS_EXPORT_EXPORTED_MODEL_H_
