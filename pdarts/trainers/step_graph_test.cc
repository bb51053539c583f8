#include "pdarts/trainers/step_graph.h"

#include <memory>
#include <string>
#include <vector>

#include "c10/util/Exception.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

/// Logs its calls. A replay repeats the recorded computation.
class Recorder : public GraphRecorder {
 public:
  explicit Recorder(std::vector<std::string>* calls) : calls_(calls) {}

  void Run(const std::function<void()>& compute) override {
    calls_->push_back("run");
    compute();
  }
  std::unique_ptr<RecordedGraph> Record(std::function<void()> compute) override {
    calls_->push_back("record");
    TORCH_CHECK(!fails, "a wait in the graph");
    return std::make_unique<Graph>(calls_, std::move(compute));
  }

  bool fails = false;

 private:
  class Graph : public RecordedGraph {
   public:
    Graph(std::vector<std::string>* calls, std::function<void()> compute)
        : calls_(calls), compute_(std::move(compute)) {}
    ~Graph() override { calls_->push_back("delete"); }
    void Replay() override {
      calls_->push_back("replay");
      compute_();
    }

   private:
    std::vector<std::string>* const calls_;
    const std::function<void()> compute_;
  };

  std::vector<std::string>* const calls_;
};

class StepGraphTest : public ::testing::Test {
 protected:
  std::vector<std::string> calls_;
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>(&calls_);
  int computed_ = 0;
  const std::function<void()> compute_ = [this] { ++computed_; };
};

TEST_F(StepGraphTest, RecordsAfterTheWarmUps) {
  {
    StepGraph graph(recorder_, AUTO);
    EXPECT_TRUE(graph.records());
    for (int i = 0; i < 6; ++i) graph.Run({}, compute_);
  }
  EXPECT_THAT(calls_,
              ElementsAre("run", "run", "run", "record", "replay", "replay", "replay", "delete"));
  EXPECT_EQ(computed_, 6);
}

TEST_F(StepGraphTest, AnotherKeyBeginsAgain) {
  {
    StepGraph graph(recorder_, AUTO);
    for (int i = 0; i < 4; ++i) graph.Run({32, 0}, compute_);
    for (int i = 0; i < 4; ++i) graph.Run({32, 0.5}, compute_);
  }
  EXPECT_THAT(calls_, ElementsAre("run", "run", "run", "record", "replay", "delete", "run", "run",
                                  "run", "record", "replay", "delete"));
  EXPECT_EQ(computed_, 8);
}

TEST_F(StepGraphTest, WithoutARecorderOrIfItIsOffEveryStepIsComputed) {
  StepGraph none(nullptr, ON), off(recorder_, OFF);
  for (StepGraph* graph : {&none, &off}) {
    EXPECT_FALSE(graph->records());
    for (int i = 0; i < 5; ++i) graph->Run({}, compute_);
  }
  EXPECT_TRUE(calls_.empty());
  EXPECT_EQ(computed_, 10);
}

TEST_F(StepGraphTest, WhatCannotBeRecordedIsComputedUnlessRecordingIsAskedFor) {
  recorder_->fails = true;
  StepGraph automatic(recorder_, AUTO);
  for (int i = 0; i < 6; ++i) automatic.Run({}, compute_);
  EXPECT_THAT(calls_, ElementsAre("run", "run", "run", "record"));
  EXPECT_EQ(computed_, 6);
  EXPECT_FALSE(automatic.records());
  StepGraph on(recorder_, ON);
  for (int i = 0; i < 3; ++i) on.Run({}, compute_);
  EXPECT_THROW(on.Run({}, compute_), c10::Error);
}

}  // namespace
}  // namespace pdarts
