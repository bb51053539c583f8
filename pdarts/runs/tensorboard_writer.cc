#include "pdarts/runs/tensorboard_writer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "pdarts/core/json.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/tfrecord.h"

namespace pdarts {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using tensorboard::Event;
using tensorboard::HistogramProto;
using tensorboard::Summary;

/// A number of the log, and what it is called in TensorBoard, which groups by what stands before
/// the slash.
struct Scalar {
  const char* field;
  const char* tag;
};

/// Of LogEvent and of TrainEvent.
constexpr Scalar kEpochScalars[] = {
    {"weight_loss", "loss/weights"},
    {"alpha_loss", "loss/alphas"},
    {"supernet_loss", "loss/supernet"},
    {"train_loss", "loss/train"},
    {"test_loss", "loss/test"},
    {"weight_top1", "accuracy/weights_top1"},
    {"alpha_top1", "accuracy/alphas_top1"},
    {"supernet_top1", "accuracy/supernet_top1"},
    {"supernet_top5", "accuracy/supernet_top5"},
    {"train_top1", "accuracy/train_top1"},
    {"train_top5", "accuracy/train_top5"},
    {"test_top1", "accuracy/test_top1"},
    {"test_top5", "accuracy/test_top5"},
    {"learning_rate", "schedule/learning_rate"},
    {"drop_path", "schedule/drop_path"},
    {"seconds", "speed/epoch_seconds"},
    {"images_per_second", "speed/images_per_second"},
    {"peak_memory_mb", "memory/peak_mb"},
};

constexpr Scalar kStageScalars[] = {
    {"cells", "stage/cells"},
    {"channels", "stage/channels"},
    {"candidates_per_edge", "stage/candidates_per_edge"},
    {"parameters", "stage/parameters"},
    {"expected_memory_mb", "memory/expected_mb"},
};

constexpr int kBuckets = 20;  // of probabilities

const Value* Find(const Struct& line, const std::string& field) {
  const auto found = line.fields().find(field);
  return found == line.fields().end() ? nullptr : &found->second;
}

std::optional<double> Number(const Struct& line, const std::string& field) {
  const Value* value = Find(line, field);
  if (value == nullptr || value->kind_case() != Value::kNumberValue) return std::nullopt;
  return value->number_value();
}

std::string Text(const Struct& line, const std::string& field) {
  const Value* value = Find(line, field);
  return value == nullptr ? "" : value->string_value();
}

/// The elements of a list; none where there is no list.
std::vector<Value> List(const Struct& line, const std::string& field) {
  const Value* value = Find(line, field);
  if (value == nullptr) return {};
  return {value->list_value().values().begin(), value->list_value().values().end()};
}

void AddScalar(const std::string& tag, double number, Summary* summary) {
  Summary::Value* value = summary->add_value();
  value->set_tag(tag);
  value->set_simple_value(static_cast<float>(number));
}

template <size_t n>
void AddScalars(const Struct& line, const Scalar (&scalars)[n], Summary* summary) {
  for (const Scalar& scalar : scalars) {
    if (const auto number = Number(line, scalar.field)) AddScalar(scalar.tag, *number, summary);
  }
}

/// The numbers in a message within the line, as `group`/name, sorted by name.
void AddGroup(const Struct& line, const std::string& field, const std::string& group,
              Summary* summary) {
  const Value* value = Find(line, field);
  if (value == nullptr) return;
  std::map<std::string, double> numbers;
  for (const auto& [name, number] : value->struct_value().fields()) {
    if (number.kind_case() == Value::kNumberValue) numbers[name] = number.number_value();
  }
  for (const auto& [name, number] : numbers) {
    AddScalar(absl::StrCat(group, "/", name), number, summary);
  }
}

/// Of probabilities, in buckets of equal width.
HistogramProto MakeHistogram(const std::vector<double>& values) {
  HistogramProto histogram;
  histogram.set_num(static_cast<double>(values.size()));
  histogram.set_min(*std::min_element(values.begin(), values.end()));
  histogram.set_max(*std::max_element(values.begin(), values.end()));
  for (int i = 1; i <= kBuckets; ++i) {
    histogram.add_bucket_limit(static_cast<double>(i) / kBuckets);
    histogram.add_bucket(0);
  }
  for (const double value : values) {
    histogram.set_sum(histogram.sum() + value);
    histogram.set_sum_squares(histogram.sum_squares() + value * value);
    const auto& limits = histogram.bucket_limit();
    const auto limit = std::lower_bound(limits.begin(), limits.end(), value);
    const int bucket = std::min(static_cast<int>(limit - limits.begin()), kBuckets - 1);
    histogram.set_bucket(bucket, histogram.bucket(bucket) + 1);
  }
  return histogram;
}

/// Of each operation of each cell kind, over the edges that still have it.
void AddProbabilities(const Struct& line, Summary* summary) {
  for (const Value& cell : List(line, "probabilities")) {
    std::map<std::string, std::vector<double>> of_operation;
    for (const Value& edge : List(cell.struct_value(), "edges")) {
      const std::vector<Value> operations = List(edge.struct_value(), "operations");
      const std::vector<Value> probabilities = List(edge.struct_value(), "probabilities");
      for (size_t i = 0; i < std::min(operations.size(), probabilities.size()); ++i) {
        of_operation[operations[i].string_value()].push_back(probabilities[i].number_value());
      }
    }
    for (const auto& [operation, values] : of_operation) {
      Summary::Value* value = summary->add_value();
      value->set_tag(
          absl::StrCat("probabilities/", Text(cell.struct_value(), "cell_kind"), "/", operation));
      *value->mutable_histo() = MakeHistogram(values);
    }
  }
}

}  // namespace

void TensorboardEvents::ConvertEpoch(const Struct& line, Summary* summary) const {
  AddScalars(line, kEpochScalars, summary);
  AddGroup(line, "regularizers", "regularizers", summary);
  const Value* const score = Find(line, "benchmark");
  const bool predicted = score != nullptr && Find(score->struct_value(), "predicted") != nullptr;
  AddGroup(line, "benchmark", predicted ? "prediction" : "benchmark", summary);
  AddProbabilities(line, summary);
}

std::string TensorboardEvents::Convert(absl::string_view json_line) {
  Struct line;
  if (!ParseJson(std::string(json_line), &line).ok()) return "";
  Event event;
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, Text(line, "time"), &time, nullptr)) {
    event.set_wall_time(absl::ToDoubleSeconds(time - absl::UnixEpoch()));
  }
  std::string bytes;
  if (!begun_) {
    begun_ = true;
    Event version;
    version.set_wall_time(event.wall_time());
    version.set_file_version("brain.Event:2");
    bytes = EncodeTfRecord(version.SerializeAsString());
  }
  const std::string name = Text(line, "event");
  if (name == "stage_begin") {
    earlier_epochs_ += stage_epochs_;
    stage_epochs_ = static_cast<int64_t>(Number(line, "epochs").value_or(0));
    event.set_step(earlier_epochs_);
    AddScalars(line, kStageScalars, event.mutable_summary());
  } else if (name == "epoch") {
    event.set_step(earlier_epochs_ + static_cast<int64_t>(Number(line, "epoch").value_or(0)));
    ConvertEpoch(line, event.mutable_summary());
  }
  if (event.summary().value_size() > 0) {
    absl::StrAppend(&bytes, EncodeTfRecord(event.SerializeAsString()));
  }
  return bytes;
}

absl::Status TensorboardWriter::Open(const Directory& directory, const std::string& name,
                                     absl::string_view log) {
  events_ = TensorboardEvents();
  std::string expected;
  for (absl::string_view line : absl::StrSplit(log, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&expected, events_.Convert(line));
  }
  // In place where that will do: a TensorBoard that runs has the file open.
  const absl::StatusOr<std::string> found = directory.ReadFile(name);
  const bool is_there = found.ok() && absl::StartsWith(*found, expected);
  if (!is_there) PDARTS_RETURN_IF_ERROR(WriteFileAtomically(directory, name, expected));
  PDARTS_RETURN_IF_ERROR(file_.Open(directory, name));
  return is_there ? file_.CutBack(static_cast<int64_t>(expected.size())) : absl::OkStatus();
}

absl::Status TensorboardWriter::Append(absl::string_view json_line) {
  const std::string bytes = events_.Convert(json_line);
  return bytes.empty() ? absl::OkStatus() : file_.Append(bytes);
}

}  // namespace pdarts
