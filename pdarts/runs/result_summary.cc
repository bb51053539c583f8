#include "pdarts/runs/result_summary.h"

#include <cmath>
#include <numeric>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace pdarts {
namespace {

/// Every number but what the experiment sets itself.
bool IsMeasured(const google::protobuf::FieldDescriptor& field) {
  return field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE &&
         field.name() != "seed";
}

}  // namespace

std::vector<ColumnSummary> SummarizeResults(const std::vector<RunResult>& results) {
  std::vector<ColumnSummary> columns;
  const google::protobuf::Descriptor& type = *RunResult::descriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type.field(i);
    if (!IsMeasured(*field)) continue;
    ColumnSummary column;
    column.name = field->name();
    for (const RunResult& result : results) {
      const google::protobuf::Reflection& reflection = *result.GetReflection();
      if (!reflection.HasField(result, field)) continue;
      column.values.push_back(reflection.GetDouble(result, field));
    }
    if (column.values.empty()) continue;
    const auto n = static_cast<double>(column.values.size());
    column.mean = std::accumulate(column.values.begin(), column.values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : column.values) squares += std::pow(value - column.mean, 2);
    if (n > 1) column.deviation = std::sqrt(squares / (n - 1));
    columns.push_back(column);
  }
  return columns;
}

}  // namespace pdarts
