#include "pdarts/runs/training_row.h"

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace pdarts {
namespace {

using google::protobuf::FieldDescriptor;

/// Copies the field of `row`'s that the training has under the same name, such as the seed.
void CopyField(const TrainResult& training, const FieldDescriptor& field, RunResult* row) {
  const FieldDescriptor* from = TrainResult::descriptor()->FindFieldByName(field.name());
  const google::protobuf::Reflection& in = *training.GetReflection();
  const google::protobuf::Reflection& out = *row->GetReflection();
  if (from == nullptr || from->cpp_type() != field.cpp_type() || !in.HasField(training, from)) {
    return;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      out.SetString(row, &field, in.GetString(training, from));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      out.SetDouble(row, &field, in.GetDouble(training, from));
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      out.SetInt32(row, &field, in.GetInt32(training, from));
      break;
    default:
      break;
  }
}

}  // namespace

RunResult RowOf(const TrainResult& training) {
  RunResult row;
  for (int i = 0; i < RunResult::descriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *RunResult::descriptor()->field(i);
    if (!field.is_repeated()) CopyField(training, field, &row);
  }
  if (training.has_params()) row.set_params_m(training.params() / 1e6);
  if (training.has_macs()) row.set_flops_g(training.macs() / 1e9);
  if (training.has_seconds()) row.set_train_cost_s(training.seconds());
  if (training.has_cells()) row.set_network_cells(training.cells());
  if (training.has_channels()) row.set_network_channels(training.channels());
  *row.mutable_changes() = training.changes();
  return row;
}

}  // namespace pdarts
