#ifndef PDARTS_NN_LATENCY_TABLE_H_
#define PDARTS_NN_LATENCY_TABLE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pdarts/core/network.h"
#include "pdarts/core/search_space.h"
#include "pdarts/nn/cost_model.h"
#include "pdarts/nn/latency_table.pb.h"

namespace pdarts::nn {

/// How many milliseconds a network takes for a batch of random images of a shape.
using MeasureNetwork = std::function<double(Network& network, const ImageShape& image, int batch)>;

/// Measures all operations of a shape's networks, and one network, for a batch size, and adds the
/// results to the table.
/// \error as SumOperationCosts and SearchSpace::BuildNetwork.
absl::Status MeasureLatencies(const SearchSpace& space, const NetworkShape& shape, int batch,
                              const MeasureNetwork& measure, LatencyTable* table);

/// Latencies of a shape's networks in milliseconds, as sums of a table's entries.
/// \error kNotFound naming the operation, its place and the batch size that the table lacks, as a
/// table of another space or size does; as SumOperationCosts.
absl::StatusOr<CostModel> LatencyModel(const SearchSpace& space, const NetworkShape& shape,
                                       const LatencyTable& table, int batch);

/// Reads a table from the JSON that `pdarts benchmark --operations --json` prints.
/// \error kDataLoss naming the file if it is none or a time is not a finite number; as ReadFile.
absl::StatusOr<LatencyTable> ReadLatencyTable(const std::string& file);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_LATENCY_TABLE_H_
