#include "pdarts/runs/result_summary.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "glog/logging.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "pdarts/comparison/statistics.h"

namespace pdarts {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// A field that the experiment or the machine determines is not a measured number.
bool IsMeasured(const FieldDescriptor& field) {
  static const auto* const set = new std::set<std::string>{
      "seed", "processes", "threads", "supernet_images", "network_cells", "network_channels"};
  return set->count(field.name()) == 0;
}

std::optional<double> Number(const Message& message, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.HasField(message, &field)) return std::nullopt;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    return reflection.GetInt32(message, &field);
  }
  return reflection.GetDouble(message, &field);
}

/// The value of a field that is not repeated, as text.
std::string Text(const RunResult& result, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *result.GetReflection();
  if (!reflection.HasField(result, &field) && !field.has_default_value()) return "unknown";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return reflection.GetString(result, &field);
  }
  return absl::StrCat(reflection.GetInt32(result, &field));
}

void FillIn(ColumnSummary* column) {
  std::vector<double> known;
  for (const std::optional<double>& value : column->values) {
    if (value) known.push_back(*value);
  }
  column->mean = Mean(known);
  column->deviation = SampleStandardDeviation(known);
}

/// Appends the columns of one message type and of the messages within it.
void AppendColumns(const std::vector<const Message*>& messages, const std::string& prefix,
                   std::vector<ColumnSummary>* columns) {
  const google::protobuf::Descriptor& type = *messages.front()->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) continue;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      std::vector<const Message*> inner;
      for (const Message* message : messages) {
        inner.push_back(&message->GetReflection()->GetMessage(*message, &field));
      }
      AppendColumns(inner, absl::StrCat(prefix, field.name(), "."), columns);
      continue;
    }
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE &&
        field.cpp_type() != FieldDescriptor::CPPTYPE_INT32) {
      continue;
    }
    if (!IsMeasured(field)) continue;
    ColumnSummary column;
    column.name = absl::StrCat(prefix, field.name());
    bool any = false;
    for (const Message* message : messages) {
      column.values.push_back(Number(*message, field));
      any = any || column.values.back().has_value();
    }
    if (!any) continue;
    FillIn(&column);
    columns->push_back(column);
  }
}

}  // namespace

std::vector<std::string> OriginDifferences(const std::vector<RunResult>& results) {
  std::vector<std::string> differences;
  for (const char* name : {"commit", "libtorch", "cpu", "device", "kernels", "processes", "threads",
                           "dataset_checksum"}) {
    const FieldDescriptor* field = RunResult::descriptor()->FindFieldByName(name);
    CHECK(field != nullptr) << name;
    std::vector<std::pair<std::string, std::vector<int64_t>>> seeds_of;  // in order of appearance
    for (const RunResult& result : results) {
      std::string value = Text(result, *field);
      const auto found = std::find_if(seeds_of.begin(), seeds_of.end(),
                                      [&](const auto& entry) { return entry.first == value; });
      auto& entry = found == seeds_of.end()
                        ? seeds_of.emplace_back(std::move(value), std::vector<int64_t>())
                        : *found;
      entry.second.push_back(static_cast<int64_t>(result.seed()));
    }
    if (seeds_of.size() < 2) continue;
    differences.push_back(absl::StrCat(
        name, ": ", absl::StrJoin(seeds_of, ", ", [](std::string* out, const auto& entry) {
          absl::StrAppend(out, entry.first, entry.second.size() > 1 ? " (seeds " : " (seed ",
                          absl::StrJoin(entry.second, ", "), ")");
        })));
  }
  return differences;
}

std::vector<ColumnSummary> SummarizeResults(const std::vector<RunResult>& results) {
  std::vector<ColumnSummary> columns;
  if (results.empty()) return columns;
  std::vector<const Message*> messages;
  for (const RunResult& result : results) messages.push_back(&result);
  AppendColumns(messages, "", &columns);
  if (std::any_of(results.begin(), results.end(),
                  [](const RunResult& result) { return result.benchmark().predicted(); })) {
    for (ColumnSummary& column : columns) {
      absl::string_view rest = column.name;
      if (absl::ConsumePrefix(&rest, "benchmark.")) column.name = absl::StrCat("prediction.", rest);
    }
  }
  return columns;
}

}  // namespace pdarts
