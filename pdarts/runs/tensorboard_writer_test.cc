#include "pdarts/runs/tensorboard_writer.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/file.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/tfrecord.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {
namespace {

using tensorboard::Event;
using tensorboard::HistogramProto;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::vector<Event> Events(const std::string& file) {
  std::vector<Event> events;
  const auto records = DecodeTfRecords(file);
  EXPECT_TRUE(records.ok()) << records.status();
  for (const std::string& record : *records) {
    events.emplace_back();
    EXPECT_TRUE(events.back().ParseFromString(record));
  }
  return events;
}

std::map<std::string, float> Scalars(const Event& event) {
  std::map<std::string, float> scalars;
  for (const auto& value : event.summary().value()) {
    if (value.value_case() == tensorboard::Summary::Value::kSimpleValue) {
      scalars[value.tag()] = value.simple_value();
    }
  }
  return scalars;
}

LogEvent At(const std::string& event, int stage) {
  LogEvent line;
  line.set_event(event);
  line.set_time("2026-11-24T12:00:01.500Z");
  line.set_stage(stage);
  line.set_peak_memory_mb(300);
  return line;
}

LogEvent StageBegin(int stage, int epochs) {
  LogEvent line = At("stage_begin", stage);
  line.set_epochs(epochs);
  line.set_cells(5);
  line.set_channels(16);
  line.set_candidates_per_edge(8);
  line.set_parameters(1234);
  line.set_expected_memory_mb(500);
  line.add_probabilities()->set_cell_kind("normal");
  return line;
}

LogEvent Epoch(int stage, int epoch) {
  LogEvent line = At("epoch", stage);
  line.set_epoch(epoch);
  line.set_weight_loss(1.5);
  line.set_learning_rate(0.025);
  return line;
}

TEST(TensorboardEvents, NumbersOfAnEpoch) {
  LogEvent line = Epoch(1, 3);
  line.set_alpha_loss(1.25);
  line.set_supernet_loss(1.75);
  line.set_weight_top1(40);
  line.set_alpha_top1(41);
  line.set_supernet_top1(42);
  line.set_supernet_top5(90);
  line.set_seconds(7);
  line.set_images_per_second(99);
  (*line.mutable_regularizers())["skip_dropout"] = 0.5;
  line.mutable_benchmark()->set_architecture("|none~0|");
  line.mutable_benchmark()->set_accuracy(93);
  line.mutable_benchmark()->set_rank(7);
  const auto events = Events(TensorboardEvents().Convert(line));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].step(), 3);
  EXPECT_EQ(events[1].wall_time(), 1795521601.5);
  EXPECT_THAT(Scalars(events[1]),
              UnorderedElementsAre(
                  Pair("loss/weights", 1.5), Pair("loss/alphas", 1.25), Pair("loss/supernet", 1.75),
                  Pair("accuracy/weights_top1", 40), Pair("accuracy/alphas_top1", 41),
                  Pair("accuracy/supernet_top1", 42), Pair("accuracy/supernet_top5", 90),
                  Pair("schedule/learning_rate", 0.025F), Pair("speed/epoch_seconds", 7),
                  Pair("speed/images_per_second", 99), Pair("memory/peak_mb", 300),
                  Pair("regularizers/skip_dropout", 0.5), Pair("benchmark/accuracy", 93),
                  Pair("benchmark/rank", 7)));
}

TEST(TensorboardEvents, APredictionIsCalledOne) {
  LogEvent line = At("epoch", 1);
  line.mutable_benchmark()->set_accuracy(94);
  line.mutable_benchmark()->set_predicted(true);
  line.mutable_benchmark()->add_interval(93);
  line.mutable_benchmark()->add_interval(95);
  line.mutable_benchmark()->set_extrapolated(true);
  const auto events = Events(TensorboardEvents().Convert(line));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_THAT(Scalars(events[1]),
              UnorderedElementsAre(Pair("prediction/accuracy", 94), Pair("memory/peak_mb", 300)));
}

TEST(TensorboardEvents, StepsCountTheEpochsOfAllStages) {
  TensorboardEvents events;
  std::string file;
  for (const LogEvent& line :
       {At("run_begin", 0), StageBegin(1, 3), Epoch(1, 1), Epoch(1, 3), At("stage_end", 1),
        StageBegin(2, 2), Epoch(2, 1), StageBegin(3, 9), Epoch(3, 2), At("derivation", 3)}) {
    absl::StrAppend(&file, events.Convert(line));
  }
  std::vector<int64_t> steps;
  for (const Event& event : Events(file)) steps.push_back(event.step());
  EXPECT_THAT(steps, ElementsAre(0, 0, 1, 3, 3, 4, 5, 7));
  EXPECT_THAT(
      Scalars(Events(file)[1]),
      UnorderedElementsAre(Pair("stage/cells", 5), Pair("stage/channels", 16),
                           Pair("stage/candidates_per_edge", 8), Pair("stage/parameters", 1234),
                           Pair("memory/expected_mb", 500)));
}

TEST(TensorboardEvents, ProbabilitiesOfEachOperationOverTheEdges) {
  LogEvent line = Epoch(1, 1);
  CellProbabilities* cell = line.add_probabilities();
  cell->set_cell_kind("normal");
  for (const double p : {0.05, 0.051, 0.92}) {
    EdgeCandidateProbabilities* edge = cell->add_edges();
    edge->add_operations("none");
    edge->add_probabilities(p);
    edge->add_operations(p < 0.5 ? "skip_connect" : "sep_conv_3x3");
    edge->add_probabilities(1 - p);
  }
  const Event event = Events(TensorboardEvents().Convert(line))[1];
  std::map<std::string, HistogramProto> histograms;
  for (const auto& value : event.summary().value()) {
    if (value.has_histo()) histograms[value.tag()] = value.histo();
  }
  ASSERT_EQ(histograms.size(), 3u);
  const HistogramProto& none = histograms.at("probabilities/normal/none");
  EXPECT_EQ(none.num(), 3);
  EXPECT_EQ(none.min(), 0.05);
  EXPECT_EQ(none.max(), 0.92);
  EXPECT_DOUBLE_EQ(none.sum(), 1.021);
  EXPECT_DOUBLE_EQ(none.sum_squares(), 0.05 * 0.05 + 0.051 * 0.051 + 0.92 * 0.92);
  ASSERT_EQ(none.bucket_size(), 20);
  EXPECT_EQ(none.bucket_limit(19), 1);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(none.bucket(i), i == 0 || i == 1 || i == 18 ? 1 : 0) << i;
  }
  EXPECT_EQ(histograms.at("probabilities/normal/skip_connect").num(), 2);
  EXPECT_EQ(histograms.at("probabilities/normal/sep_conv_3x3").num(), 1);
}

TEST(TensorboardEvents, NumbersOfATraining) {
  TrainEvent line;
  line.set_event("epoch");
  line.set_epoch(4);
  line.set_train_loss(1);
  line.set_train_top1(2);
  line.set_train_top5(3);
  line.set_test_loss(4);
  line.set_test_top1(5);
  line.set_test_top5(6);
  line.set_learning_rate(7);
  line.set_drop_path(8);
  line.set_best(true);
  const Event event = Events(TensorboardEvents().Convert(line))[1];
  EXPECT_EQ(event.step(), 4);
  EXPECT_THAT(
      Scalars(event),
      UnorderedElementsAre(Pair("loss/train", 1), Pair("accuracy/train_top1", 2),
                           Pair("accuracy/train_top5", 3), Pair("loss/test", 4),
                           Pair("accuracy/test_top1", 5), Pair("accuracy/test_top5", 6),
                           Pair("schedule/learning_rate", 7), Pair("schedule/drop_path", 8)));
}

TEST(TensorboardWriter, TheFileFollowsTheLog) {
  const std::string name = "events.out.tfevents";
  const Directory directory = Directory::Open(::testing::TempDir()).value();
  const std::string path = directory.PathOf(name);
  std::filesystem::remove(path);
  const std::vector<LogEvent> log = {StageBegin(1, 2), Epoch(1, 1), Epoch(1, 2), StageBegin(2, 2)};
  {
    TensorboardWriter writer;
    ASSERT_TRUE(writer.Open(directory, name, std::vector<LogEvent>()).ok());
    EXPECT_EQ(ReadFile(path).value(), "");
    for (const LogEvent& line : log) ASSERT_TRUE(writer.Append(line).ok());
  }
  const std::string before = ReadFile(path).value();
  EXPECT_EQ(Events(before).size(), 5u);
  // The run is resumed with three event files: one with events after the place to which the log was
  // cut back, a damaged one, and none.
  for (const std::string& found : {before, before + before, before.substr(0, 100), std::string()}) {
    {
      std::filesystem::remove(path);
      GrowingFile file;
      ASSERT_TRUE(file.Open(directory, name).ok());
      ASSERT_TRUE(file.Append(found).ok());
    }
    TensorboardWriter writer;
    ASSERT_TRUE(writer.Open(directory, name, log).ok());
    EXPECT_EQ(ReadFile(path).value(), before);
    ASSERT_TRUE(writer.Append(Epoch(2, 1)).ok());
    const auto events = Events(ReadFile(path).value());
    ASSERT_EQ(events.size(), 6u);
    EXPECT_EQ(events.back().step(), 3);
  }
}

TEST(TensorboardWriter, AFileThatDoesIsKeptOpenForWhoReadsIt) {
  const Directory directory = Directory::Open(::testing::TempDir()).value();
  const LogEvent line = Epoch(1, 1);
  {
    TensorboardWriter writer;
    ASSERT_TRUE(writer.Open(directory, "kept", std::vector<LogEvent>()).ok());
    ASSERT_TRUE(writer.Append(line).ok());
    ASSERT_TRUE(writer.Append(Epoch(1, 2)).ok());
  }
  std::ifstream reader(directory.PathOf("kept"), std::ios::binary);
  TensorboardWriter writer;
  ASSERT_TRUE(writer.Open(directory, "kept", std::vector<LogEvent>{line}).ok());
  ASSERT_TRUE(writer.Append(Epoch(1, 2)).ok());
  std::ostringstream read;
  read << reader.rdbuf();
  EXPECT_EQ(read.str(), directory.ReadFile("kept").value());
}

}  // namespace
}  // namespace pdarts
