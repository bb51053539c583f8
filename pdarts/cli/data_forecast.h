#ifndef PDARTS_CLI_DATA_FORECAST_H_
#define PDARTS_CLI_DATA_FORECAST_H_

#include "absl/status/statusor.h"
#include "pdarts/cli/forecast.pb.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// What a dry run says of the data that were read, or why they could not be read.
DataForecast DescribeData(const absl::StatusOr<DatasetSplits>& data);

/// Prints it on standard output, in a line.
void PrintData(const DataForecast& data);

}  // namespace pdarts

#endif  // PDARTS_CLI_DATA_FORECAST_H_
