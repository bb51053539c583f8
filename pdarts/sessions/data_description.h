#ifndef PDARTS_SESSIONS_DATA_DESCRIPTION_H_
#define PDARTS_SESSIONS_DATA_DESCRIPTION_H_

#include <iosfwd>

#include "absl/status/statusor.h"
#include "pdarts/core/dataset.h"
#include "pdarts/sessions/estimates.pb.h"

namespace pdarts {

/// Describes the data for a dry run, or the reason why they could not be read.
DataDescription DescribeData(const absl::StatusOr<DatasetSplits>& data);

/// Prints the description in one line.
void PrintData(const DataDescription& data, std::ostream& out);

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_DATA_DESCRIPTION_H_
