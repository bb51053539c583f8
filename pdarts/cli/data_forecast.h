#ifndef PDARTS_CLI_DATA_FORECAST_H_
#define PDARTS_CLI_DATA_FORECAST_H_

#include "absl/status/statusor.h"
#include "pdarts/cli/forecast.pb.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// Describes the data for a dry run, or the reason why they could not be read.
DataForecast DescribeData(const absl::StatusOr<DatasetSplits>& data);

/// Prints the description on standard output, in one line.
void PrintData(const DataForecast& data);

}  // namespace pdarts

#endif  // PDARTS_CLI_DATA_FORECAST_H_
