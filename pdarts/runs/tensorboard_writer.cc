#include "pdarts/runs/tensorboard_writer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/runs/tfrecord.h"

namespace pdarts {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using tensorboard::Event;
using tensorboard::HistogramProto;
using tensorboard::Summary;

/// A number of a record and its name in TensorBoard, which groups numbers by the part of the name
/// before the slash.
struct Scalar {
  const char* field;
  const char* tag;
};

/// The numbers of LogEvent and of TrainEvent.
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
    {"device_peak_memory_mb", "memory/device_peak_mb"},
};

constexpr Scalar kStageScalars[] = {
    {"cells", "stage/cells"},
    {"channels", "stage/channels"},
    {"candidates_per_edge", "stage/candidates_per_edge"},
    {"parameters", "stage/parameters"},
    {"expected_memory_mb", "memory/expected_mb"},
};

constexpr int kBuckets = 20;  // number of buckets for probabilities

/// The number in a field; unset if the field is not set or does not hold a number.
std::optional<double> Number(const Message& record, const FieldDescriptor* field) {
  if (field == nullptr || field->is_repeated() ||
      !record.GetReflection()->HasField(record, field)) {
    return std::nullopt;
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return record.GetReflection()->GetDouble(record, field);
    case FieldDescriptor::CPPTYPE_INT32:
      return record.GetReflection()->GetInt32(record, field);
    default:
      return std::nullopt;
  }
}

void AddScalar(const std::string& tag, double number, Summary* summary) {
  Summary::Value* value = summary->add_value();
  value->set_tag(tag);
  value->set_simple_value(static_cast<float>(number));
}

/// The numbers that the record has and that are set.
template <size_t n>
void AddScalars(const Message& record, const Scalar (&scalars)[n], Summary* summary) {
  for (const Scalar& scalar : scalars) {
    const FieldDescriptor* field = record.GetDescriptor()->FindFieldByName(scalar.field);
    if (const auto number = Number(record, field)) AddScalar(scalar.tag, *number, summary);
  }
}

/// Adds the numbers of a benchmark's score, sorted by name.
void AddScore(const BenchmarkScore& score, Summary* summary) {
  std::map<std::string, double> numbers;
  for (int i = 0; i < BenchmarkScore::descriptor()->field_count(); ++i) {
    const FieldDescriptor* field = BenchmarkScore::descriptor()->field(i);
    if (const auto number = Number(score, field)) numbers[field->name()] = *number;
  }
  for (const auto& [name, number] : numbers) {
    AddScalar(absl::StrCat(score.has_predicted() ? "prediction/" : "benchmark/", name), number,
              summary);
  }
}

/// A histogram of probabilities, with buckets of equal width.
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

/// Adds the probabilities of each operation of each cell kind, over the edges for which the
/// operation is still a candidate.
void AddProbabilities(const LogEvent& record, Summary* summary) {
  for (const CellProbabilities& cell : record.probabilities()) {
    std::map<std::string, std::vector<double>> of_operation;
    for (const EdgeCandidateProbabilities& edge : cell.edges()) {
      for (int i = 0; i < std::min(edge.operations_size(), edge.probabilities_size()); ++i) {
        of_operation[edge.operations(i)].push_back(edge.probabilities(i));
      }
    }
    for (const auto& [operation, values] : of_operation) {
      Summary::Value* value = summary->add_value();
      value->set_tag(absl::StrCat("probabilities/", cell.cell_kind(), "/", operation));
      *value->mutable_histo() = MakeHistogram(values);
    }
  }
}

/// Adds what only the epochs of a search have.
void AddOfSearch(const LogEvent& record, Summary* summary) {
  const std::map<std::string, double> regularizers(record.regularizers().begin(),
                                                   record.regularizers().end());
  for (const auto& [name, number] : regularizers) {
    AddScalar(absl::StrCat("regularizers/", name), number, summary);
  }
  if (record.has_benchmark()) AddScore(record.benchmark(), summary);
  AddProbabilities(record, summary);
}

}  // namespace

std::string TensorboardEvents::Convert(const LogEvent& record) {
  Event event;
  if (record.event() == "stage_begin") {
    earlier_epochs_ += stage_epochs_;
    stage_epochs_ = record.epochs();
    event.set_step(earlier_epochs_);
    AddScalars(record, kStageScalars, event.mutable_summary());
  } else if (record.event() == "epoch") {
    event.set_step(earlier_epochs_ + record.epoch());
    AddScalars(record, kEpochScalars, event.mutable_summary());
    AddOfSearch(record, event.mutable_summary());
  }
  return Encode(record.time(), std::move(event));
}

std::string TensorboardEvents::Convert(const TrainEvent& record) {
  Event event;
  if (record.event() == "epoch") {
    event.set_step(record.epoch());
    AddScalars(record, kEpochScalars, event.mutable_summary());
  }
  return Encode(record.time(), std::move(event));
}

std::string TensorboardEvents::Encode(const std::string& time, Event event) {
  absl::Time parsed;
  if (absl::ParseTime(absl::RFC3339_full, time, &parsed, nullptr)) {
    event.set_wall_time(absl::ToDoubleSeconds(parsed - absl::UnixEpoch()));
  }
  std::string bytes;
  if (!begun_) {
    begun_ = true;
    Event version;
    version.set_wall_time(event.wall_time());
    version.set_file_version("brain.Event:2");
    bytes = EncodeTfRecord(version.SerializeAsString());
  }
  if (event.summary().value_size() > 0) {
    absl::StrAppend(&bytes, EncodeTfRecord(event.SerializeAsString()));
  }
  return bytes;
}

absl::Status TensorboardWriter::OpenWith(const Directory& directory, const std::string& name,
                                         const std::string& expected) {
  // The file is changed in place if possible, because a running TensorBoard has it open.
  const absl::StatusOr<std::string> found = directory.ReadFile(name);
  const bool is_there = found.ok() && absl::StartsWith(*found, expected);
  if (!is_there) PDARTS_RETURN_IF_ERROR(WriteFileAtomically(directory, name, expected));
  PDARTS_RETURN_IF_ERROR(file_.Open(directory, name));
  return is_there ? file_.CutBack(static_cast<int64_t>(expected.size())) : absl::OkStatus();
}

absl::Status TensorboardWriter::AppendBytes(const std::string& bytes) {
  return bytes.empty() ? absl::OkStatus() : file_.Append(bytes);
}

}  // namespace pdarts
