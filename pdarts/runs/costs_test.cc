#include "pdarts/runs/costs.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/runs/training_row.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;

RunCosts Some() {
  RunCosts costs;
  costs.set_seconds(90);
  costs.set_peak_bytes(2500000000);
  costs.add_process_peak_bytes(2500000000);
  costs.add_process_peak_bytes(1500000000);
  return costs;
}

TEST(Costs, AreInTheUnitsOfTheFiles) {
  LogEvent event;
  SetCosts(Some(), &event);
  EXPECT_EQ(event.elapsed_s(), 90);
  EXPECT_EQ(event.peak_memory_mb(), 2500);
  EXPECT_THAT(event.process_peak_memory_mb(), ElementsAre(2500, 1500));
  RunResult search;
  SetCosts(Some(), &search);
  SetCosts(NetworkCounts{3433798, 532174464}, &search);
  EXPECT_EQ(search.search_cost_s(), 90);
  EXPECT_EQ(search.mem_gb(), 2.5);
  EXPECT_THAT(search.process_mem_gb(), ElementsAre(2.5, 1.5));
  EXPECT_DOUBLE_EQ(search.params_m(), 3.433798);
  EXPECT_DOUBLE_EQ(search.flops_g(), 0.532174464);
}

TEST(Costs, OfADeviceAreThereIfTheRunHadOne) {
  LogEvent event;
  RunResult result;
  SetCosts(Some(), &event);
  SetCosts(Some(), &result);
  EXPECT_FALSE(event.has_device_peak_memory_mb());
  EXPECT_FALSE(result.has_device_mem_gb());
  RunCosts costs = Some();
  costs.set_device_peak_bytes(3500000000);
  SetCosts(costs, &event);
  SetCosts(costs, &result);
  EXPECT_EQ(event.device_peak_memory_mb(), 3500);
  EXPECT_EQ(result.device_mem_gb(), 3.5);
}

TEST(Costs, OfATrainingStandInItsRow) {
  TrainResult training;
  RunCosts costs = Some();
  costs.set_device_peak_bytes(3500000000);
  SetCosts(costs, &training);
  SetCosts(NetworkCounts{3433798, 532174464}, &training);
  EXPECT_EQ(training.params(), 3433798);
  const RunResult row = RowOf(training);
  EXPECT_EQ(row.train_cost_s(), 90);
  EXPECT_FALSE(row.has_search_cost_s());
  EXPECT_EQ(row.mem_gb(), 2.5);
  EXPECT_EQ(row.device_mem_gb(), 3.5);
  EXPECT_THAT(row.process_mem_gb(), ElementsAre(2.5, 1.5));
  EXPECT_DOUBLE_EQ(row.params_m(), 3.433798);
  EXPECT_DOUBLE_EQ(row.flops_g(), 0.532174464);
}

}  // namespace
}  // namespace pdarts
