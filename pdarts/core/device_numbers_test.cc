#include "pdarts/core/device_numbers.h"

#include <array>
#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/counting_device.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Knob> Knobs(double dropout) { return {{kSkipDropoutKnob, "", 0, 1, dropout}}; }

ForwardContext Pass(int64_t first_image, double drop_path, const std::vector<Knob>& knobs) {
  ForwardContext context;
  context.masks = Masks({/*seed=*/1, /*stage=*/2, /*epoch=*/3}, first_image);
  context.drop_path = drop_path;
  context.knobs = &knobs;
  return context;
}

std::vector<int64_t> Values(const at::Tensor& counter) {
  const at::Tensor values = counter.cpu();
  return {values.const_data_ptr<int64_t>(), values.const_data_ptr<int64_t>() + 3};
}

TEST(DeviceNumbers, LeaveAPassOnTheCpuAlone) {
  DeviceNumbers numbers(c10::kCPU);
  const std::vector<Knob> knobs = Knobs(0.5);
  ForwardContext context = Pass(7, 0.25, knobs);
  numbers.Put(&context, knobs);
  EXPECT_FALSE(context.masks.device_counter().defined());
  EXPECT_EQ(context.device_rates, nullptr);
  EXPECT_EQ(context.KnobRate(kSkipDropoutKnob).value, 0.5);
  EXPECT_FALSE(context.KnobRate(kSkipDropoutKnob).on_device.defined());
  EXPECT_THAT(numbers.Pattern(), IsEmpty());
}

TEST(DeviceNumbers, LieInTheMemoryOfTheDevice) {
  DeviceNumbers numbers(CountingDevice());
  const std::vector<Knob> knobs = Knobs(0.5);
  ForwardContext context = Pass(7, 0.25, knobs);
  const std::array<int64_t, 3> counter = context.masks.Counter();
  numbers.Put(&context, knobs);
  const at::Tensor on_device = context.masks.device_counter();
  EXPECT_EQ(on_device.device(), CountingDevice());
  EXPECT_EQ(Values(on_device), std::vector<int64_t>(counter.begin(), counter.end()));
  EXPECT_EQ(context.KnobRate(kSkipDropoutKnob).on_device.item<double>(), 0.5);
  EXPECT_EQ(context.DropPathRate().on_device.item<double>(), 0.25);
  EXPECT_EQ(context.KnobRate("none").value, 0);
  EXPECT_FALSE(context.KnobRate("none").on_device.defined());
  // All parts of the network share the counter.
  EXPECT_TRUE(context.At(3).masks.device_counter().is_same(on_device));
  EXPECT_THAT(numbers.Pattern(), ElementsAre(0.5, 0.5));
}

TEST(DeviceNumbers, AreWrittenInPlaceAndOnlyWhereTheyChange) {
  DeviceNumbers numbers(CountingDevice());
  std::vector<Knob> knobs = Knobs(0.5);
  ForwardContext first = Pass(7, 0.25, knobs);
  numbers.Put(&first, knobs);
  const at::Tensor counter = first.masks.device_counter();
  const at::Tensor rate = first.KnobRate(kSkipDropoutKnob).on_device;

  const auto put = [&](int64_t image, double drop_path, double dropout) {
    knobs = Knobs(dropout);
    ForwardContext context = Pass(image, drop_path, knobs);
    ResetCounters();
    numbers.Put(&context, knobs);
    EXPECT_TRUE(context.masks.device_counter().is_same(counter));
    EXPECT_TRUE(context.KnobRate(kSkipDropoutKnob).on_device.is_same(rate));
    const DeviceCounters counters = Counters();
    EXPECT_EQ(counters.copies_to_device, 0);
    EXPECT_EQ(counters.synchronizations, 0);
    EXPECT_EQ(counters.allocations, 0);
    return counters.operations;
  };
  EXPECT_EQ(put(7, 0.25, 0.5), 0);
  EXPECT_EQ(put(8, 0.25, 0.5), 1);
  EXPECT_EQ(put(9, 0.25, 0.75), 2);
  EXPECT_EQ(Values(counter)[2], 9);
  EXPECT_EQ(rate.item<double>(), 0.75);
  // The context of the first pass now has the numbers of the last pass.
  EXPECT_EQ(first.KnobRate(kSkipDropoutKnob).on_device.item<double>(), 0.75);
}

TEST(DeviceNumbers, ARateThatTheHostHasChangedSinceIsNotTakenFromTheDevice) {
  DeviceNumbers numbers(CountingDevice());
  std::vector<Knob> knobs = Knobs(0.5);
  ForwardContext context = Pass(0, 0, knobs);
  numbers.Put(&context, knobs);
  knobs = Knobs(0.75);
  EXPECT_EQ(context.KnobRate(kSkipDropoutKnob).value, 0.75);
  EXPECT_FALSE(context.KnobRate(kSkipDropoutKnob).on_device.defined());
}

TEST(DeviceNumbers, ThePatternTellsRatesOfZeroAndOne) {
  DeviceNumbers numbers(CountingDevice());
  const auto pattern = [&numbers](double drop_path, double dropout) {
    const std::vector<Knob> knobs = Knobs(dropout);
    ForwardContext context = Pass(0, drop_path, knobs);
    numbers.Put(&context, knobs);
    return numbers.Pattern();
  };
  EXPECT_THAT(pattern(0, 0.5), ElementsAre(0, 0.5));
  EXPECT_THAT(pattern(0, 0.25), ElementsAre(0, 0.5));
  EXPECT_THAT(pattern(0.1, 1), ElementsAre(0.5, 1));
  EXPECT_THAT(pattern(0.1, 0), ElementsAre(0.5, 0));
}

}  // namespace
}  // namespace pdarts
