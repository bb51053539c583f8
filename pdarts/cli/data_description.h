#ifndef PDARTS_CLI_DATA_DESCRIPTION_H_
#define PDARTS_CLI_DATA_DESCRIPTION_H_

#include "absl/status/statusor.h"
#include "pdarts/cli/estimates.pb.h"
#include "pdarts/core/dataset.h"

namespace pdarts {

/// Describes the data for a dry run, or the reason why they could not be read.
DataDescription DescribeData(const absl::StatusOr<DatasetSplits>& data);

/// Prints the description on standard output, in one line.
void PrintData(const DataDescription& data);

}  // namespace pdarts

#endif  // PDARTS_CLI_DATA_DESCRIPTION_H_
