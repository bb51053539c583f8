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

/// The milliseconds that a network needs for a batch of random images of a shape.
using MeasureNetwork = std::function<double(Network& network, const ImageShape& image, int batch)>;

/// Measures all operations of the networks of a shape, and one network, for a batch size, and adds
/// the results to the table. \error as SumOperationCosts and SearchSpace::BuildNetwork.
absl::Status MeasureLatencies(const SearchSpace& space, const NetworkShape& shape, int batch,
                              const MeasureNetwork& measure, LatencyTable* table);

/// Latencies of the networks of a shape in milliseconds, as sums of entries of a table.
/// \error kNotFound naming an operation, its place and the batch size that the table does not have,
/// for example because the table is for another space or size; as SumOperationCosts.
absl::StatusOr<CostModel> LatencyModel(const SearchSpace& space, const NetworkShape& shape,
                                       const LatencyTable& table, int batch);

/// Reads a table from the JSON output of `pdarts benchmark --operations --json`. \error kDataLoss
/// naming the file if it is not a table or if a time is not a finite number; as ReadFile.
absl::StatusOr<LatencyTable> ReadLatencyTable(const std::string& file);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_LATENCY_TABLE_H_
