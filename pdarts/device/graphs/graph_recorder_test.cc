#include "pdarts/device/graphs/graph_recorder.h"

#include "gtest/gtest.h"

namespace pdarts {
namespace {

class NoRecorder : public GraphRecorder {
 public:
  void Run(const std::function<void()>& compute) override { compute(); }
  std::unique_ptr<RecordedGraph> Record(std::function<void()> compute) override { return nullptr; }
};

TEST(MakeGraphRecorder, TheCpuHasNone) { EXPECT_EQ(MakeGraphRecorder(c10::kCPU), nullptr); }

TEST(MakeGraphRecorder, OtherDevicesHaveThatOfTheTest) {
  EXPECT_EQ(MakeGraphRecorder(c10::kPrivateUse1), nullptr);
  SetGraphRecordersForTesting([] { return std::make_unique<NoRecorder>(); });
  EXPECT_NE(MakeGraphRecorder(c10::kPrivateUse1), nullptr);
  EXPECT_EQ(MakeGraphRecorder(c10::kCPU), nullptr);
  SetGraphRecordersForTesting({});
  EXPECT_EQ(MakeGraphRecorder(c10::kPrivateUse1), nullptr);
}

}  // namespace
}  // namespace pdarts
