#ifndef PDARTS_DEVICE_GRAPHS_CUDA_GRAPH_RECORDER_H_
#define PDARTS_DEVICE_GRAPHS_CUDA_GRAPH_RECORDER_H_

#include <memory>

#include "c10/core/Device.h"
#include "pdarts/device/graphs/graph_recorder.h"

namespace pdarts {

/// The recorder of a CUDA device, with at::cuda::CUDAGraph; null in a build without --config=cuda.
std::unique_ptr<GraphRecorder> MakeCudaGraphRecorder(c10::Device device);

}  // namespace pdarts

#endif  // PDARTS_DEVICE_GRAPHS_CUDA_GRAPH_RECORDER_H_
