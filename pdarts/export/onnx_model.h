#ifndef PDARTS_EXPORT_ONNX_MODEL_H_
#define PDARTS_EXPORT_ONNX_MODEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "pdarts/core/network_graph.h"
#include "pdarts/export/exported_model.h"

namespace pdarts {

struct OnnxOptions {
  bool normalize =
      true;              ///< whether the graph normalizes images; its input is then pixels in [0,1]
  bool softmax = false;  ///< whether the output is probabilities instead of logits
};

/// The bytes of an ONNX file, opset 17 and IR version 8, for batches of any size. The input
/// `images` is `[N,C,H,W]` float32. The output is `logits` or `probabilities`, `[N,classes]`.
/// `graph` is the result of Network::Describe. The file holds its InferenceGraph.
/// \error kInvalidArgument if the file would have 2 GiB or more, which the ONNX format does not
/// support.
absl::StatusOr<std::string> EncodeOnnx(const NetworkGraph& graph, const ExportedModel& model,
                                       const OnnxOptions& options);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_ONNX_MODEL_H_
