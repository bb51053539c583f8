#include "pdarts/device/operators.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/zeros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/random.h"
#include "pdarts/core/testing/counting_device.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Masks SomeMasks() { return Masks({/*seed=*/5, /*stage=*/1, /*epoch=*/2}, /*first_image=*/3).At(4); }

at::Tensor CounterOf(const Masks& masks) {
  const at::Tensor counter = at::empty({3}, at::kLong);
  const std::array<int64_t, 3> numbers = masks.Counter();
  std::copy(numbers.begin(), numbers.end(), counter.mutable_data_ptr<int64_t>());
  return counter;
}

at::Tensor RateOf(double rate) { return at::full({}, rate, at::kDouble); }

at::Tensor RandomImages(int64_t n, int64_t channels, int64_t height, int64_t width) {
  return at::randint(0, 256, {n, channels, height, width}, MakeGenerator(1, "images"),
                     at::TensorOptions(at::kByte));
}

at::Tensor RandomTable(int64_t channels, at::ScalarType dtype) {
  return at::randn({channels, 256}, MakeGenerator(1, "table"), at::kDouble).to(dtype);
}

/// The numbers of images without any transform.
at::Tensor PlainMaps(int64_t n, int64_t height, int64_t width) {
  const at::Tensor maps = at::zeros({n, operators::kImageNumbers}, at::kInt);
  maps.select(1, 4).fill_(height);
  maps.select(1, 6).fill_(width);
  return maps;
}

void SetHole(const at::Tensor& maps, int64_t image, int64_t hole, std::array<int, 5> numbers) {
  for (int64_t k = 0; k < operators::kHoleNumbers; ++k) {
    maps.accessor<int32_t, 2>()[image][operators::kMapNumbers + hole * operators::kHoleNumbers +
                                       k] = numbers[static_cast<size_t>(k)];
  }
}

TEST(Operators, ScaleImagesByTheMasksOfTheCpu) {
  const Masks masks = SomeMasks();
  const std::vector<int64_t> places = {masks.At(0).Place(), masks.At(1).Place(), masks.Place()};
  const at::Tensor scales = operators::ImageScales(CounterOf(masks), places, 30, RateOf(0.3));
  EXPECT_EQ(scales.sizes(), at::IntArrayRef({3, 30}));
  EXPECT_TRUE(scales[0].equal(masks.At(0).ImageMask(30, 0.3).div_(1 - 0.3)));
  EXPECT_TRUE(scales[1].equal(masks.At(1).ImageMask(30, 0.3).div_(1 - 0.3)));
  EXPECT_TRUE(scales[2].equal(masks.ImageMask(30, 0.3).div_(1 - 0.3)));
  EXPECT_TRUE(
      operators::ImageScales(CounterOf(masks), places, 9, RateOf(0)).eq(1).all().item<bool>());
  EXPECT_TRUE(
      operators::ImageScales(CounterOf(masks), places, 9, RateOf(1)).eq(0).all().item<bool>());
}

TEST(Operators, NoiseIsThatOfTheMasks) {
  const Masks masks = SomeMasks();
  const at::Tensor noise = operators::NormalNoise(CounterOf(masks), masks.Place(), {2, 3, 3, 3});
  ASSERT_TRUE(noise.is_contiguous(at::MemoryFormat::ChannelsLast));
  for (int64_t i = 0; i < 2; ++i) {
    std::vector<float> expected(27);
    masks.Normal(i, 0, 27, expected.data());
    EXPECT_TRUE(
        std::equal(expected.begin(), expected.end(), noise.const_data_ptr<float>() + 27 * i));
  }
}

TEST(Operators, DropoutKeepsTheFormatAndTakesAnyStrides) {
  const Masks masks = SomeMasks();
  const auto drop = [&](const at::Tensor& x) {
    return operators::Dropout(x, CounterOf(masks), masks.Place(), RateOf(0.4), true);
  };
  const at::Tensor x = at::randn({2, 6, 5, 7}, MakeGenerator(1, "x"), at::kFloat);
  const at::Tensor expected = drop(x);
  EXPECT_TRUE(expected.is_contiguous());
  EXPECT_NEAR(expected.eq(0).to(at::kFloat).mean().item<double>(), 0.4, 0.1);
  const at::Tensor channels_last = drop(x.contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(channels_last.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(channels_last.equal(expected));
  // Some of the channels. Their memory has gaps.
  const at::Tensor part = at::cat({x, x}, 1).narrow(1, 6, 6);
  EXPECT_TRUE(drop(part).equal(expected));
}

TEST(Operators, DropoutOf16BitsIsComputedInFloat32) {
  const Masks masks = SomeMasks();
  const auto drop = [&](const at::Tensor& x) {
    return operators::Dropout(x, CounterOf(masks), masks.Place(), RateOf(0.3), false);
  };
  for (const at::ScalarType type : {at::kHalf, at::kBFloat16}) {
    const at::Tensor x = at::randn({2, 6, 5, 7}, MakeGenerator(1, "x"), at::kFloat).to(type);
    const at::Tensor y = drop(x);
    EXPECT_EQ(y.scalar_type(), type);
    EXPECT_TRUE(y.equal(drop(x.to(at::kFloat)).to(type)));
  }
}

/// Summands with each kind of factor, whose values are parts of larger tensors. The coefficients
/// are the last element of `tensors`; the counter and the rate are before them.
std::vector<operators::Summand> SomeSummands(const std::vector<at::Tensor>& tensors) {
  std::vector<operators::Summand> summands(4);
  for (size_t i = 0; i < 4; ++i) {
    summands[i].value = tensors[0].narrow(1, 3 * static_cast<int64_t>(i), 3);
  }
  summands[1].gate = tensors[1].narrow(1, 2, 3);
  summands[1].image_scale = tensors[2];
  summands[2].place = SomeMasks().Place();
  summands[2].coefficient = 1;
  summands[3].place = SomeMasks().At(1).Place();
  summands[3].coefficient = 0;
  summands[3].scale = -0.5;
  summands[3].image_scale = tensors[2];
  summands[3].gate = tensors[1].narrow(1, 0, 3);
  return summands;
}

std::vector<at::Tensor> SummandTensors(at::ScalarType type) {
  const at::Generator numbers = MakeGenerator(1, "summands");
  const auto random = [&](at::IntArrayRef sizes) { return at::randn(sizes, numbers, at::kDouble); };
  const at::ScalarType sums = operators::SumType(type);
  return {random({3, 12, 5, 7}).to(type),
          random({3, 5, 5, 7}).relu().to(type),
          random({3}).to(at::kFloat),
          random({3, 6, 5, 7}).to(type),
          CounterOf(SomeMasks()),
          RateOf(0.4),
          random({2}).to(sums)};
}

/// The summands without coefficients, from operators of LibTorch, in the type of the sums.
std::vector<at::Tensor> ValuesOf(const std::vector<operators::Summand>& summands,
                                 const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> values;
  for (const operators::Summand& summand : summands) {
    at::Tensor value = summand.value.to(operators::SumType(summand.value.scalar_type()));
    if (summand.place) {
      value = operators::Dropout(value, tensors[4], *summand.place, tensors[5], true);
    }
    if (summand.gate.defined()) value = value * summand.gate.gt(0);
    if (summand.image_scale.defined()) {
      value = value * summand.image_scale.view({-1, 1, 1, 1}).to(value.scalar_type());
    }
    values.push_back(value * summand.scale);
  }
  return values;
}

TEST(Operators, SumsTermsWithAllTheirFactors) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf}) {
    const std::vector<at::Tensor> tensors = SummandTensors(type);
    const std::vector<operators::Summand> summands = SomeSummands(tensors);
    const at::Tensor sum = operators::SumTerms(summands, tensors[6], {tensors[4], tensors[5]});
    EXPECT_EQ(sum.scalar_type(), type);
    EXPECT_TRUE(sum.is_contiguous());
    const std::vector<at::Tensor> values = ValuesOf(summands, tensors);
    const at::Tensor expected =
        values[0] + values[1] + values[2] * tensors[6][1] + values[3] * tensors[6][0];
    const double bound = type == at::kDouble ? 1e-12 : type == at::kFloat ? 1e-5 : 1e-2;
    EXPECT_TRUE(sum.to(expected.scalar_type()).allclose(expected, bound, bound)) << type;
  }
}

TEST(Operators, MultipliesTermsWithoutTheirCoefficients) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf}) {
    const std::vector<at::Tensor> tensors = SummandTensors(type);
    const std::vector<operators::Summand> summands = SomeSummands(tensors);
    const at::Tensor first = tensors[3].narrow(1, 0, 3), second = tensors[3].narrow(1, 3, 3);
    const at::Tensor products =
        operators::TermProducts(summands, {first, second, first, second}, {tensors[4], tensors[5]});
    EXPECT_EQ(products.scalar_type(), operators::SumType(type));
    EXPECT_EQ(products.sizes(), at::IntArrayRef({4, 3}));
    const std::vector<at::Tensor> values = ValuesOf(summands, tensors);
    for (int64_t i = 0; i < 4; ++i) {
      const at::Tensor expected =
          (values[static_cast<size_t>(i)] * (i % 2 == 0 ? first : second)).sum({1, 2, 3});
      const double bound = type == at::kDouble ? 1e-12 : 1e-4;
      EXPECT_TRUE(products[i].allclose(expected.to(products.scalar_type()), bound, bound))
          << i << " of " << type;
    }
  }
}

TEST(Operators, SumsTermsInAnyMemoryOrder) {
  std::vector<at::Tensor> tensors = SummandTensors(at::kFloat);
  const auto sum = [&] {
    return operators::SumTerms(SomeSummands(tensors), tensors[6], {tensors[4], tensors[5]});
  };
  const at::Tensor expected = sum();
  for (const size_t i : {0, 1}) {
    tensors[i] = tensors[i].contiguous(at::MemoryFormat::ChannelsLast);
  }
  EXPECT_TRUE(sum().equal(expected));
}

TEST(Operators, SmallImagesAreMovedMirroredAndErased) {
  const at::Tensor images = RandomImages(2, 2, 4, 5);
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const at::Tensor table = RandomTable(2, dtype);
    const auto normalized = [&](int64_t image) {
      std::vector<at::Tensor> channels;
      for (int64_t c = 0; c < 2; ++c) {
        channels.push_back(table[c].index_select(0, images[image][c].flatten().to(at::kLong)));
      }
      return at::stack(channels).view({2, 4, 5});
    };
    at::Tensor maps = PlainMaps(2, 4, 5);
    at::Tensor out = operators::TransformSmallImages(images, maps, table);
    EXPECT_EQ(out.scalar_type(), dtype);
    EXPECT_TRUE(out[0].equal(normalized(0)));
    EXPECT_TRUE(out[1].equal(normalized(1)));

    // Image 1 moves down by one row and left by two columns, and is mirrored.
    auto number = maps.accessor<int32_t, 2>();
    number[1][0] = -1;
    number[1][1] = 2;
    number[1][2] = 1;
    out = operators::TransformSmallImages(images, maps, table);
    EXPECT_TRUE(out[0].equal(normalized(0)));
    const at::Tensor black = table.select(1, 0).view({2, 1, 1});
    EXPECT_TRUE(out[1].narrow(1, 0, 1).eq(black).all().item<bool>()) << "the row from outside";
    EXPECT_TRUE(out[1].narrow(2, 0, 2).eq(black).all().item<bool>()) << "the mirrored columns";
    EXPECT_TRUE(out[1].narrow(1, 1, 3).narrow(2, 2, 3).equal(
        normalized(1).narrow(1, 0, 3).narrow(2, 2, 3).flip({2})));

    // A hole that is black, and a later one that is 0.
    maps = PlainMaps(2, 4, 5);
    SetHole(maps, 0, 0, {0, 3, 1, 4, 1});
    SetHole(maps, 0, 1, {2, 4, 3, 5, 0});
    out = operators::TransformSmallImages(images, maps, table);
    at::Tensor expected = normalized(0).clone();
    expected.narrow(1, 0, 3).narrow(2, 1, 3).copy_(black.expand({2, 3, 3}));
    expected.narrow(1, 2, 2).narrow(2, 3, 2).zero_();
    EXPECT_TRUE(out[0].equal(expected));
    EXPECT_TRUE(out[1].equal(normalized(1)));
  }
}

TEST(Operators, RefuseWrongTensors) {
  const Masks masks = SomeMasks();
  const at::Tensor counter = CounterOf(masks), rate = RateOf(0.5), x = at::ones({1, 2, 3, 4});
  const auto expect_error = [](const std::function<void()>& call, const char* message) {
    EXPECT_THAT(call, ThrowsMessage<c10::Error>(HasSubstr(message)));
  };
  expect_error([&] { operators::ImageScales(counter.to(at::kInt), {1}, 2, rate); },
               "expected int64 of [3]");
  expect_error([&] { operators::ImageScales(counter, {1}, 2, rate.to(at::kFloat)); },
               "expected a float64 scalar");
  expect_error([&] { operators::ImageScales(counter, {1}, 2, rate.view({1})); },
               "expected a float64 scalar");
  expect_error([&] { operators::Dropout(x[0], counter, 1, rate, true); },
               "expected floating-point");
  expect_error([&] { operators::Dropout(x.to(at::kLong), counter, 1, rate, true); },
               "expected floating-point");
  expect_error([&] { operators::NormalNoise(counter, 1, {2, 3}); }, "expected [N,C,H,W]");
  const auto sum = [&](const std::function<void(operators::Summand&)>& change) {
    std::vector<at::Tensor> tensors = SummandTensors(at::kFloat);
    std::vector<operators::Summand> summands = SomeSummands(tensors);
    change(summands[1]);
    operators::SumTerms(summands, tensors[6], {tensors[4], tensors[5]});
  };
  expect_error([&] { sum([](auto& s) { s.value = s.value.to(at::kDouble); }); },
               "a summand is Double of [3, 3, 5, 7] on cpu, expected Float");
  expect_error([&] { sum([](auto& s) { s.gate = s.gate.narrow(1, 0, 2); }); },
               "the gate of a summand is Float of [3, 2, 5, 7]");
  expect_error([&] { sum([](auto& s) { s.image_scale = s.image_scale.to(at::kDouble); }); },
               "the image scales of 3 images");
  expect_error([&] { sum([](auto& s) { s.coefficient = 2; }); }, "coefficient 2 of 2");
  expect_error([&] { operators::SumTerms({}, {}, {}); }, "a sum of no terms");
  operators::Summand one;
  one.value = x;
  expect_error([&] { operators::TermProducts({one}, {}, {}); }, "0 factors of 1 summands");
  one.coefficient = 0;
  expect_error([&] { operators::SumTerms({one}, {}, {}); }, "the coefficients of Float");
  expect_error([&] { operators::SumTerms({one}, at::ones({1}, at::kDouble), {}); },
               "the coefficients of Float");
  const at::Tensor images = RandomImages(2, 3, 4, 4), maps = PlainMaps(2, 4, 4),
                   table = RandomTable(3, at::kFloat);
  expect_error([&] { operators::TransformSmallImages(images.to(at::kInt), maps, table); },
               "expected contiguous bytes");
  expect_error([&] { operators::TransformSmallImages(images, maps.narrow(0, 0, 1), table); },
               "the numbers of 2 images");
  expect_error([&] { operators::TransformSmallImages(images, maps, table.narrow(0, 0, 2)); },
               "the normalized bytes of 3 channels");
}

/// Expects that `compute` gives the same result on the counting device as on the CPU, in one
/// operation and without communication with the host.
void ExpectSameOnTheDevice(
    const std::vector<at::Tensor>& tensors,
    const std::function<at::Tensor(const std::vector<at::Tensor>&)>& compute) {
  std::vector<at::Tensor> there;
  for (const at::Tensor& tensor : tensors) there.push_back(tensor.to(CountingDevice()));
  ResetCounters();
  const at::Tensor result = compute(there);
  const DeviceCounters counters = Counters();
  EXPECT_EQ(counters.operations, 1);
  EXPECT_EQ(counters.copies_to_device, 0);
  EXPECT_EQ(counters.copies_from_device, 0);
  EXPECT_EQ(counters.synchronizations, 0);
  EXPECT_EQ(result.device(), CountingDevice());
  EXPECT_TRUE(result.cpu().equal(compute(tensors)));
}

TEST(OperatorsOnTheCountingDevice, AreOneOperationWithTheValuesOfTheCpu) {
  const Masks masks = SomeMasks();
  const at::Tensor counter = CounterOf(masks), rate = RateOf(0.3);
  ExpectSameOnTheDevice({counter, rate}, [](const std::vector<at::Tensor>& t) {
    return operators::ImageScales(t[0], {3, 4, 5}, 7, t[1]);
  });
  ExpectSameOnTheDevice({counter}, [](const std::vector<at::Tensor>& t) {
    return operators::NormalNoise(t[0], 6, {2, 3, 4, 5});
  });
  const at::Tensor x = at::randn({2, 6, 5, 7}, MakeGenerator(1, "x"), at::kFloat);
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    ExpectSameOnTheDevice({x.contiguous(format), counter, rate},
                          [](const std::vector<at::Tensor>& t) {
                            return operators::Dropout(t[0], t[1], 6, t[2], true);
                          });
  }
  ExpectSameOnTheDevice(SummandTensors(at::kFloat), [](const std::vector<at::Tensor>& t) {
    return operators::SumTerms(SomeSummands(t), t[6], {t[4], t[5]});
  });
  ExpectSameOnTheDevice(SummandTensors(at::kFloat), [](const std::vector<at::Tensor>& t) {
    const at::Tensor other = t[3].narrow(1, 0, 3);
    return operators::TermProducts(SomeSummands(t), {other, other, other, other}, {t[4], t[5]});
  });
  const at::Tensor maps = PlainMaps(2, 4, 5);
  SetHole(maps, 1, 0, {1, 3, 2, 4, 1});
  ExpectSameOnTheDevice({RandomImages(2, 3, 4, 5), maps, RandomTable(3, at::kFloat)},
                        [](const std::vector<at::Tensor>& t) {
                          return operators::TransformSmallImages(t[0], t[1], t[2]);
                        });
}

TEST(OperatorsOnTheCountingDevice, TensorsOfTwoDevicesAreAnError) {
  const Masks masks = SomeMasks();
  const at::Tensor counter = CounterOf(masks).to(CountingDevice());
  const at::Tensor x = at::ones({1, 2, 3, 4});
  EXPECT_THAT([&] { operators::ImageScales(counter, {1}, 2, RateOf(0.5)); },
              ThrowsMessage<c10::Error>(HasSubstr("a rate is on cpu")));
  EXPECT_THAT([&] { operators::Dropout(x, counter, 1, RateOf(0.5).to(CountingDevice()), true); },
              ThrowsMessage<c10::Error>(HasSubstr("dropout of a tensor on cpu")));
  const std::vector<at::Tensor> tensors = SummandTensors(at::kFloat);
  const at::Tensor there = tensors[0].narrow(1, 0, 3).to(CountingDevice());
  std::vector<operators::Summand> summands = SomeSummands(tensors);
  EXPECT_THAT(
      [&] {
        operators::SumTerms(summands, tensors[6], {counter, tensors[5]});
      },
      ThrowsMessage<c10::Error>(HasSubstr("a rate is on cpu")));
  EXPECT_THAT(
      [&] { operators::TermProducts({summands[0]}, {there}, {}); },
      ThrowsMessage<c10::Error>(HasSubstr("a factor of a summand is Float of [3, 3, 5, 7] on")));
  summands[0].value = there;
  EXPECT_THAT(
      [&] {
        operators::SumTerms({summands[0], summands[1]}, {}, {});
      },
      ThrowsMessage<c10::Error>(HasSubstr("a summand is Float of [3, 3, 5, 7] on cpu")));
}

}  // namespace
}  // namespace pdarts
