#include "pdarts/core/testing/counting_device.h"

#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ATen/CPUGeneratorImpl.h"
#include "ATen/Context.h"
#include "ATen/Parallel.h"
#include "ATen/TensorIndexing.h"
#include "ATen/TensorOperators.h"
#include "ATen/core/Tensor.h"
#include "ATen/ops/_foreach_add.h"
#include "ATen/ops/_foreach_mul.h"
#include "ATen/ops/_foreach_norm.h"
#include "ATen/ops/_fused_adam.h"
#include "ATen/ops/_fused_sgd.h"
#include "ATen/ops/adaptive_avg_pool2d.h"
#include "ATen/ops/allclose.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/avg_pool2d.h"
#include "ATen/ops/batch_norm.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/constant_pad_nd.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/cross_entropy_loss.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/empty_like.h"
#include "ATen/ops/equal.h"
#include "ATen/ops/full.h"
#include "ATen/ops/isfinite.h"
#include "ATen/ops/linalg_vector_norm.h"
#include "ATen/ops/linear.h"
#include "ATen/ops/masked_select.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/mul.h"
#include "ATen/ops/nonzero.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/rand.h"
#include "ATen/ops/randperm.h"
#include "ATen/ops/scalar_tensor.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/var_mean.h"
#include "ATen/ops/where.h"
#include "ATen/ops/zeros.h"
#include "ATen/ops/zeros_like.h"
#include "c10/core/Event.h"
#include "c10/core/GradMode.h"
#include "c10/core/impl/VirtualGuardImpl.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "torch/csrc/autograd/autograd.h"
#include "torch/nn/module.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

/// Values that differ from element to element, from -1 to 1.
at::Tensor Values(at::IntArrayRef sizes, at::ScalarType type = at::kDouble) {
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  return at::arange(count, at::kDouble).mul(0.7).sin().reshape(sizes).to(type);
}

at::Tensor OnDevice(const at::Tensor& tensor) { return tensor.to(CountingDevice()); }

at::Tensor Pinned(const at::Tensor& tensor) {
  at::Tensor pinned = at::empty(tensor.sizes(), tensor.options().pinned_memory(true));
  pinned.copy_(tensor);
  return pinned;
}

/// What `body` adds to the counters.
DeviceCounters CountsOf(const std::function<void()>& body) {
  ResetCounters();
  body();
  return Counters();
}

int64_t OperationsOf(const std::function<void()>& body) { return CountsOf(body).operations; }

/// The message of the error that `body` throws, or "".
std::string ErrorOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "";
}

void ExpectClose(const at::Tensor& actual, const at::Tensor& expected) {
  ASSERT_EQ(actual.defined(), expected.defined());
  if (!actual.defined()) return;
  ASSERT_EQ(actual.sizes(), expected.sizes());
  ASSERT_EQ(actual.scalar_type(), expected.scalar_type());
  EXPECT_TRUE(at::allclose(actual.detach().cpu().to(at::kDouble),
                           expected.detach().cpu().to(at::kDouble), /*rtol=*/1e-12,
                           /*atol=*/1e-12));
}

class CountingDeviceTest : public testing::Test {
 protected:
  CountingDeviceTest() { at::set_num_threads(1); }
};

TEST_F(CountingDeviceTest, TheDeviceHasANameAndTensors) {
  EXPECT_EQ(CountingDevice().str(), "counting:0");
  EXPECT_EQ(c10::DeviceTypeName(CountingDevice().type(), /*lower_case=*/true), "counting");
  EXPECT_EQ(c10::Device("counting"), c10::Device(c10::DeviceType::PrivateUse1));
  const at::Tensor x = at::zeros({2, 3}, CountingDevice());
  EXPECT_EQ(x.device(), CountingDevice());
  EXPECT_EQ(x.sizes(), at::IntArrayRef({2, 3}));
  EXPECT_EQ(at::empty({2}, c10::Device(c10::DeviceType::PrivateUse1)).device(), CountingDevice());
  EXPECT_THAT(ErrorOf([] { at::empty({2}, c10::Device(c10::DeviceType::PrivateUse1, 1)); }),
              HasSubstr("there is one counting device"));
}

TEST_F(CountingDeviceTest, TensorsOfTheCpuAreNotCounted) {
  const DeviceCounters counts = CountsOf([] {
    const at::Tensor x = Values({4, 4}).requires_grad_();
    x.mm(x).sum().backward();
    EXPECT_EQ(x.grad().device(), c10::kCPU);
    x.sum().item<double>();
  });
  EXPECT_EQ(counts, DeviceCounters());
}

TEST_F(CountingDeviceTest, CopiesAreCountedWithTheirBytes) {
  const at::Tensor host = Values({2, 3});
  at::Tensor device;
  DeviceCounters counts = CountsOf([&] { device = OnDevice(host); });
  EXPECT_EQ(counts.copies_to_device, 1);
  EXPECT_EQ(counts.bytes_to_device, 48);
  EXPECT_EQ(counts.copies_from_device, 0);
  EXPECT_EQ(counts.synchronizations, 1);
  EXPECT_EQ(counts.operations, 0);

  at::Tensor back;
  counts = CountsOf([&] { back = device.cpu(); });
  EXPECT_EQ(counts.copies_to_device, 0);
  EXPECT_EQ(counts.copies_from_device, 1);
  EXPECT_EQ(counts.bytes_from_device, 48);
  EXPECT_EQ(counts.synchronizations, 1);
  EXPECT_EQ(counts.operations, 0);
  EXPECT_TRUE(back.equal(host));

  // The host converts: what is sent has the type of the device.
  counts = CountsOf([&] { device = host.to(CountingDevice(), at::kFloat); });
  EXPECT_EQ(counts.copies_to_device, 1);
  EXPECT_EQ(counts.bytes_to_device, 24);
  ExpectClose(device, host.to(at::kFloat));
  device.fill_(0);
  device.copy_(Values({3}));  // a broadcast
  ExpectClose(device, Values({3}).to(at::kFloat).expand({2, 3}));

  // A copy on the device is a kernel.
  counts = CountsOf([&] { device.clone(); });
  EXPECT_EQ(counts.operations, 1);
  EXPECT_EQ(counts.copies_to_device + counts.copies_from_device + counts.synchronizations, 0);
  // A kernel brings elements of another order into the order of the copy.
  counts = CountsOf([&] { back = device.t().cpu(); });
  EXPECT_EQ(counts.operations, 0);
  EXPECT_TRUE(back.equal(device.cpu().t()));
  back = at::empty({3, 2}, at::kFloat);
  counts = CountsOf([&] { back.copy_(device.t()); });
  EXPECT_EQ(counts.operations, 1);
  EXPECT_EQ(counts.copies_from_device, 1);
  EXPECT_TRUE(back.equal(device.cpu().t()));
}

TEST_F(CountingDeviceTest, TheHostDoesNotWaitForCopiesOfPinnedMemory) {
  const at::Tensor host = Pinned(Values({5}));
  EXPECT_TRUE(host.is_pinned());
  EXPECT_TRUE(host[4].is_pinned());
  EXPECT_FALSE(Values({5}).is_pinned());
  const at::Tensor device = at::empty({5}, host.options().device(CountingDevice()));
  DeviceCounters counts = CountsOf([&] { device.copy_(host, /*non_blocking=*/true); });
  EXPECT_EQ(counts.copies_to_device, 1);
  EXPECT_EQ(counts.synchronizations, 0);
  ExpectClose(device, host);
  counts = CountsOf([&] { device.copy_(host, /*non_blocking=*/false); });
  EXPECT_EQ(counts.synchronizations, 1);
  counts = CountsOf([&] { device.copy_(Values({5}), /*non_blocking=*/true); });
  EXPECT_EQ(counts.synchronizations, 1);

  const at::Tensor back = Pinned(at::zeros({5}, at::kDouble));
  counts = CountsOf([&] { back.copy_(device, /*non_blocking=*/true); });
  EXPECT_EQ(counts.copies_from_device, 1);
  EXPECT_EQ(counts.synchronizations, 0);
  EXPECT_TRUE(back.equal(host));
  EXPECT_TRUE(Values({5}).pin_memory().is_pinned());
}

TEST_F(CountingDeviceTest, TheHostWaitsForValues) {
  const at::Tensor x = OnDevice(Values({4}));
  DeviceCounters counts =
      CountsOf([&] { EXPECT_EQ(x[1].item<double>(), Values({4})[1].item<double>()); });
  EXPECT_EQ(counts.copies_from_device, 1);
  EXPECT_EQ(counts.bytes_from_device, 8);
  EXPECT_EQ(counts.synchronizations, 1);
  EXPECT_EQ(counts.operations, 0);

  counts = CountsOf([&] { EXPECT_TRUE(at::equal(x, x.clone())); });
  EXPECT_EQ(counts.synchronizations, 1);
  counts = CountsOf([&] { EXPECT_EQ(at::nonzero(x).size(0), 3); });  // sin(0) is 0
  EXPECT_EQ(counts.synchronizations, 1);
  counts = CountsOf([&] { EXPECT_EQ(at::masked_select(x, x > 0).size(0), 3); });
  EXPECT_EQ(counts.synchronizations, 1);
  const c10::impl::VirtualGuardImpl guard(CountingDevice().type());
  counts = CountsOf([&] { guard.synchronizeDevice(0); });
  EXPECT_EQ(counts.synchronizations, 1);
  counts = CountsOf([&] {
    c10::Event event(CountingDevice().type());
    event.record(guard.getStream(CountingDevice()));
    EXPECT_TRUE(event.query());
    event.synchronize();
  });
  EXPECT_EQ(counts.synchronizations, 1);
}

TEST_F(CountingDeviceTest, AKernelIsOneOperationAndAViewIsNone) {
  const at::Tensor x = OnDevice(Values({4, 4})), y = OnDevice(Values({4, 4}) + 1);
  EXPECT_EQ(OperationsOf([&] { x.add(y); }), 1);
  EXPECT_EQ(OperationsOf([&] { x.add(1); }), 1);
  EXPECT_EQ(OperationsOf([&] { x.mm(y); }), 1);
  EXPECT_EQ(OperationsOf([&] { x.relu(); }), 1);
  EXPECT_EQ(OperationsOf([&] { x.sum(); }), 1);
  EXPECT_EQ(OperationsOf([&] { at::cat({x, y}); }), 1);
  EXPECT_EQ(OperationsOf([&] { at::zeros({3}, CountingDevice()); }), 1);
  EXPECT_EQ(OperationsOf([&] { x.to(at::kFloat); }), 1);
  EXPECT_EQ(OperationsOf([&] { at::empty({3}, CountingDevice()); }), 0);
  EXPECT_EQ(OperationsOf([&] { at::empty_like(x); }), 0);
  EXPECT_EQ(OperationsOf([&] {
              x.t();
              x.view({16}).reshape({2, 8}).narrow(1, 2, 3).unsqueeze(0).expand({5, 2, 3});
              x.select(0, 1).detach();
              x.unfold(0, 2, 1).permute({2, 0, 1});
              x.as_strided({2, 2}, {1, 1}).squeeze().chunk(2);
              x.contiguous();
            }),
            0);
  const int64_t images = 2;
  const at::Tensor batch = OnDevice(Values({images, 4, 6, 6}));
  const at::Tensor weight = OnDevice(Values({4, 1, 3, 3}));
  EXPECT_EQ(OperationsOf([&] {
              at::conv2d(batch, weight, {}, /*stride=*/1, /*padding=*/1, /*dilation=*/1,
                         /*groups=*/4);
            }),
            1);
  EXPECT_EQ(OperationsOf([&] { at::max_pool2d(batch, 3, 1, 1); }), 1);
  EXPECT_EQ(OperationsOf([&] { at::avg_pool2d(batch, 3, 1, 1); }), 1);
}

TEST_F(CountingDeviceTest, ResultsAreThoseOfTheCpu) {
  const at::Tensor x = Values({3, 5}), y = Values({3, 5}) + 2;
  const std::vector<std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>> functions = {
      [](const at::Tensor& a, const at::Tensor& b) { return a * b + 3 - a / b; },
      [](const at::Tensor& a, const at::Tensor& b) { return a.mm(b.t()); },
      [](const at::Tensor& a, const at::Tensor& b) { return at::where(a > 0, a, b); },
      [](const at::Tensor& a, const at::Tensor&) { return a.softmax(1).log(); },
      [](const at::Tensor& a, const at::Tensor&) {
        return a.t().contiguous().sum(at::IntArrayRef({0}), true);
      },
      [](const at::Tensor& a, const at::Tensor& b) {
        return at::stack({a, b}, 1).flip({2});
      },
      [](const at::Tensor& a, const at::Tensor&) { return std::get<1>(a.topk(2)); },
      [](const at::Tensor& a, const at::Tensor&) {
        return std::get<0>(at::var_mean(a, at::IntArrayRef({0}), false));
      },
      [](const at::Tensor& a, const at::Tensor&) { return a.argmax(1).eq(2).to(at::kFloat); },
      [](const at::Tensor& a, const at::Tensor&) { return at::isfinite(a.reciprocal()).all(); },
      [](const at::Tensor& a, const at::Tensor&) { return a.to(at::kBFloat16).to(at::kDouble); },
      [](const at::Tensor& a, const at::Tensor&) {
        return at::constant_pad_nd(a, {1, 1, 2, 0}, 7);
      },
      [](const at::Tensor& a, const at::Tensor&) {
        return a.gather(1, a.argsort(int64_t{1}, /*descending=*/true));
      },
      [](const at::Tensor& a, const at::Tensor& b) {
        return at::linalg_vector_norm(at::stack(at::_foreach_norm({a, b}, 2)));
      },
  };
  for (size_t i = 0; i < functions.size(); ++i) {
    SCOPED_TRACE(i);
    const at::Tensor result = functions[i](OnDevice(x), OnDevice(y));
    EXPECT_EQ(result.device(), CountingDevice());
    ExpectClose(result, functions[i](x, y));
  }
}

TEST_F(CountingDeviceTest, OperatorsChangeTensorsInPlace) {
  const at::Tensor host = Values({3, 4});
  const at::Tensor device = OnDevice(host);
  const void* const address = device.const_data_ptr();
  for (const at::Tensor& x : {host, device}) {
    x.add_(1).mul_(x).relu_();
    x.narrow(1, 1, 2).sub_(0.5);  // a view
    x.t().select(0, 0).fill_(9);
    x.masked_fill_(x > 5, -1);
    x.addcmul_(x, x, 0.1).clamp_(-2, 2);
    x.zero_().uniform_(0, 1, {}).lerp_(x, 0.5).copy_(x.flip({0}).clone()).fill_(0.25);
    x.index_put_({at::zeros({1}, x.options().dtype(at::kLong))}, at::ones({4}, x.options()));
  }
  EXPECT_EQ(device.const_data_ptr(), address);
  ExpectClose(device, host);
  const int64_t version = device._version();
  device.add_(1);
  EXPECT_EQ(device._version(), version + 1);
}

TEST_F(CountingDeviceTest, OperatorsWriteIntoGivenResultsAndResizeThem) {
  const at::Tensor x = OnDevice(Values({3, 4}));
  at::Tensor result = at::empty({0}, x.options());
  at::mul_out(result, x, x);
  ExpectClose(result, Values({3, 4}).square());
  // A kernel of the CPU resizes it.
  at::Tensor numbers = at::empty({0}, x.options().dtype(at::kLong));
  at::arange_out(numbers, 0, 1000, 1);
  EXPECT_EQ(numbers.device(), CountingDevice());
  EXPECT_TRUE(numbers.cpu().equal(at::arange(1000)));
  at::Tensor found = at::empty({0}, x.options().dtype(at::kLong));
  at::nonzero_out(found, x.gt(0));
  EXPECT_TRUE(found.cpu().equal(at::nonzero(Values({3, 4}).gt(0))));
  const at::Tensor larger = x.clone();
  larger.resize_({5, 4});
  EXPECT_EQ(larger.sizes(), at::IntArrayRef({5, 4}));
  EXPECT_TRUE(larger.narrow(0, 0, 3).cpu().equal(x.cpu()));
  at::Tensor other = at::empty({0}, x.options());
  other.set_(x);
  EXPECT_EQ(other.const_data_ptr(), x.const_data_ptr());
  EXPECT_TRUE(other.cpu().equal(x.cpu()));
}

TEST_F(CountingDeviceTest, ATensorOnTheWrongDeviceIsAnError) {
  const at::Tensor host = Values({2, 2}), device = OnDevice(host);
  const std::vector<at::Tensor> on_host = {host}, on_device = {device};
  constexpr char kMessage[] = "Expected all tensors to be on the same device";
  EXPECT_THAT(ErrorOf([&] { device + host; }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { host + device; }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { device.mm(host); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { host.mm(device); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { at::cat({device, host}); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { device.add_(host); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { at::where(device > 0, host, device); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { at::_foreach_add_(on_device, on_host); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { at::_foreach_mul_(on_device, at::ones({})); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] {
                at::conv2d(device.view({1, 1, 2, 2}), host.view({1, 1, 2, 2}));
              }),
              HasSubstr(kMessage));
  // LibTorch passes the value of a tensor without dimensions to the kernel.
  ExpectClose(device * at::scalar_tensor(2, at::kDouble), host * 2);
  // The values of the device did not change.
  ExpectClose(device, host);
}

TEST_F(CountingDeviceTest, IndicesOfTheCpuAreCopied) {
  const at::Tensor x = OnDevice(Values({5, 2}));
  const at::Tensor rows = at::arange(3);
  at::Tensor result;
  DeviceCounters counts = CountsOf([&] { result = x.index({OnDevice(rows)}); });
  EXPECT_EQ(counts.copies_to_device, 1);  // OnDevice
  ExpectClose(result, Values({5, 2}).narrow(0, 0, 3));
  counts = CountsOf([&] { result = x.index({rows}); });
  EXPECT_EQ(counts.copies_to_device, 1);
  EXPECT_EQ(counts.synchronizations, 1);
  ExpectClose(result, Values({5, 2}).narrow(0, 0, 3));
  const at::Tensor device_rows = OnDevice(rows);
  counts = CountsOf([&] { result = x.index_select(0, device_rows); });
  EXPECT_EQ(counts.copies_to_device + counts.synchronizations, 0);
  ExpectClose(result, Values({5, 2}).narrow(0, 0, 3));
}

TEST_F(CountingDeviceTest, AListOfTensorsIsOneOperation) {
  std::vector<at::Tensor> host, device;
  for (int i = 1; i <= 4; ++i) {
    host.push_back(Values({i, 3}));
    device.push_back(OnDevice(host.back()));
  }
  EXPECT_EQ(OperationsOf([&] { at::_foreach_add_(device, 1); }), 1);
  at::_foreach_add_(host, 1);
  EXPECT_EQ(OperationsOf([&] { at::_foreach_mul_(device, device); }), 1);
  at::_foreach_mul_(host, host);
  EXPECT_EQ(OperationsOf([&] { at::_foreach_mul_(device, at::ones({}, device[0].options()) * 2); }),
            3);
  at::_foreach_mul_(host, at::ones({}, at::kDouble) * 2);
  std::vector<at::Tensor> norms;
  EXPECT_EQ(OperationsOf([&] { norms = at::_foreach_norm(device, 2); }), 1);
  ASSERT_EQ(norms.size(), host.size());
  for (size_t i = 0; i < host.size(); ++i) {
    ExpectClose(device[i], host[i]);
    ExpectClose(norms[i], host[i].norm());
  }
}

TEST_F(CountingDeviceTest, FusedOptimizersAreOneOperation) {
  std::vector<at::Tensor> weights[2], gradients[2], first[2], second[2], steps[2];
  for (const int on_device : {0, 1}) {
    const auto move = [&](const at::Tensor& x) { return on_device ? OnDevice(x) : x.clone(); };
    for (int i = 1; i <= 3; ++i) {
      weights[on_device].push_back(move(Values({i, 2}, at::kFloat)));
      gradients[on_device].push_back(move(Values({i, 2}, at::kFloat) + 0.5));
      first[on_device].push_back(move(at::zeros({i, 2})));
      second[on_device].push_back(move(at::zeros({i, 2})));
      steps[on_device].push_back(move(at::ones({})));
    }
    const at::Tensor rate = move(at::scalar_tensor(0.1, at::kFloat));
    const int64_t operations = OperationsOf([&] {
      at::_fused_sgd_(weights[on_device], gradients[on_device], first[on_device],
                      /*weight_decay=*/0.01, /*momentum=*/0.9, /*lr=*/0.1, /*dampening=*/0,
                      /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false);
      at::_fused_sgd_(weights[on_device], gradients[on_device], first[on_device],
                      /*weight_decay=*/0.01, /*momentum=*/0.9, rate, /*dampening=*/0,
                      /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false);
      at::_fused_adam_(weights[on_device], gradients[on_device], first[on_device],
                       second[on_device], /*max_exp_avg_sqs=*/{}, steps[on_device], /*lr=*/0.1,
                       /*beta1=*/0.9, /*beta2=*/0.99, /*weight_decay=*/0.01, /*eps=*/1e-8,
                       /*amsgrad=*/false, /*maximize=*/false);
    });
    EXPECT_EQ(operations, on_device ? 3 : 0);
  }
  for (size_t i = 0; i < weights[0].size(); ++i) {
    EXPECT_TRUE(weights[1][i].cpu().equal(weights[0][i]));
    EXPECT_TRUE(first[1][i].cpu().equal(first[0][i]));
    EXPECT_TRUE(second[1][i].cpu().equal(second[0][i]));
    EXPECT_FALSE(weights[0][i].equal(Values(weights[0][i].sizes(), at::kFloat)));
  }
}

/// A small network in one function, of the operators that the search spaces use.
struct Net {
  explicit Net(bool on_device) : on_device(on_device) {
    const std::vector<std::vector<int64_t>> shapes = {{4, 3, 3, 3}, {4, 1, 3, 3}, {8, 4, 1, 1}, {8},
                                                      {8},          {5, 8},       {5}};
    for (const std::vector<int64_t>& sizes : shapes) {
      parameters.push_back(Move(Values(sizes) + 0.1).requires_grad_());
    }
    mean = Move(at::zeros({8}, at::kDouble));
    variance = Move(at::ones({8}, at::kDouble));
    images = Move(Values({6, 3, 8, 8}));
    labels = Move(at::arange(6).remainder(5));
  }

  at::Tensor Move(const at::Tensor& x) const { return on_device ? OnDevice(x) : x.clone(); }

  at::Tensor Loss() const {
    const auto& p = parameters;
    at::Tensor x = at::conv2d(images, p[0], {}, 1, 1);
    x = at::conv2d(x.relu(), p[1], {}, 2, 2, 2, /*groups=*/4);
    x = at::conv2d(x, p[2]);
    x = at::batch_norm(x, p[3], p[4], mean, variance, /*training=*/true, 0.1, 1e-5, false);
    x = at::max_pool2d(x, 3, 1, 1) + at::avg_pool2d(x, 3, 1, 1, false, false);
    x = at::cat({x, x.slice(1, 0, 4)}, 1).narrow(1, 0, 8);
    x = at::adaptive_avg_pool2d(x, {1, 1}).flatten(1);
    return at::cross_entropy_loss(at::linear(x, p[5], p[6]), labels);
  }

  bool on_device;
  std::vector<at::Tensor> parameters;
  at::Tensor mean, variance, images, labels;
};

TEST_F(CountingDeviceTest, GradientsAreThoseOfTheCpu) {
  const Net host(false), device(true);
  const auto expected = torch::autograd::grad({host.Loss()}, host.parameters);
  std::vector<at::Tensor> actual;
  const DeviceCounters counts =
      CountsOf([&] { actual = torch::autograd::grad({device.Loss()}, device.parameters); });
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(actual[i].device(), CountingDevice());
    ExpectClose(actual[i], expected[i]);
  }
  ExpectClose(device.mean, host.mean);
  ExpectClose(device.variance, host.variance);
  EXPECT_EQ(counts.copies_to_device, 0);
  EXPECT_EQ(counts.copies_from_device, 0);
  EXPECT_EQ(counts.synchronizations, 0);
  EXPECT_GE(counts.operations, 24);
}

TEST_F(CountingDeviceTest, BackwardAccumulatesAndCrossesDevices) {
  const at::Tensor host = Values({3}).requires_grad_();
  const at::Tensor device = OnDevice(Values({3})).requires_grad_();
  (OnDevice(host) * device).sum().cpu().mul(2).backward();
  (OnDevice(host) * device).sum().backward();
  EXPECT_EQ(host.grad().device(), c10::kCPU);
  EXPECT_EQ(device.grad().device(), CountingDevice());
  ExpectClose(host.grad(), Values({3}) * 3);
  ExpectClose(device.grad(), Values({3}) * 3);
}

class Affine : public torch::nn::Module {
 public:
  Affine() {
    weight = register_parameter("weight", Values({2, 2}, at::kFloat));
    buffer = register_buffer("buffer", Values({2}, at::kFloat));
  }
  at::Tensor weight, buffer;
};

TEST_F(CountingDeviceTest, ModulesMoveToTheDeviceAndBack) {
  Affine module;
  module.to(CountingDevice(), at::kDouble);
  EXPECT_EQ(module.weight.device(), CountingDevice());
  EXPECT_EQ(module.weight.scalar_type(), at::kDouble);
  EXPECT_TRUE(module.weight.requires_grad());
  EXPECT_EQ(module.buffer.device(), CountingDevice());
  ExpectClose(module.weight.detach(), Values({2, 2}, at::kFloat).to(at::kDouble));
  module.weight.sum().backward();
  ExpectClose(module.weight.grad(), at::ones({2, 2}, at::kDouble));
  module.to(c10::Device(c10::kCPU));
  EXPECT_EQ(module.weight.device(), c10::kCPU);
  ExpectClose(module.weight.detach(), Values({2, 2}, at::kFloat).to(at::kDouble));
}

TEST_F(CountingDeviceTest, GeneratorsOfTheDeviceDrawTheNumbersOfTheCpu) {
  const at::Tensor x = at::empty({50}, CountingDevice());
  EXPECT_THAT(ErrorOf([&] { x.normal_(0, 1, at::detail::createCPUGenerator(3)); }),
              HasSubstr("expected a generator of the device counting:0"));
  at::Generator generator = at::globalContext().defaultGenerator(CountingDevice()).clone();
  EXPECT_EQ(generator.device(), CountingDevice());
  generator.set_current_seed(3);
  EXPECT_EQ(generator.current_seed(), 3u);
  const at::Tensor state = generator.get_state();
  x.normal_(0, 1, generator);
  EXPECT_TRUE(x.cpu().equal(at::empty({50}).normal_(0, 1, at::detail::createCPUGenerator(3))));
  const at::Tensor again = at::empty_like(x);
  again.normal_(0, 1, generator);
  EXPECT_FALSE(again.equal(x));
  generator.set_state(state);
  again.normal_(0, 1, generator);
  EXPECT_TRUE(again.equal(x));
  EXPECT_EQ(at::rand({4}, CountingDevice()).device(), CountingDevice());
  EXPECT_EQ(at::randperm(4, at::TensorOptions(CountingDevice()).dtype(at::kLong)).device(),
            CountingDevice());
}

TEST_F(CountingDeviceTest, ARepeatedStepGetsTheSameMemory) {
  const at::Tensor x = OnDevice(Values({64, 64}));
  std::vector<const void*> addresses[3];
  for (auto& of_step : addresses) {
    ResetCounters();
    const at::Tensor a = x + 1, b = x * 2, c = a.mm(b);
    for (const at::Tensor& made : {a, b, c}) of_step.push_back(made.const_data_ptr());
  }
  EXPECT_EQ(addresses[1], addresses[2]);
  EXPECT_EQ(Counters().allocations, 0);
  at::Tensor more;
  EXPECT_EQ(CountsOf([&] { more = at::empty({12345}, CountingDevice()); }).allocations, 1);
  more.reset();
  EXPECT_EQ(CountsOf([&] { more = at::empty({12345}, CountingDevice()); }).allocations, 0);
}

TEST_F(CountingDeviceTest, TheMemoryInUseIsKnown) {
  FreeCachedDeviceMemory();
  const CountingDeviceMemory before = DeviceMemoryInUse();
  EXPECT_EQ(before.reserved, before.allocated);
  ResetDevicePeak();
  at::Tensor x = at::empty({1024, 1024}, CountingDevice());
  at::Tensor y = x.clone();
  y.reset();
  const CountingDeviceMemory now = DeviceMemoryInUse();
  constexpr int64_t kBytes = 4 * 1024 * 1024;
  EXPECT_EQ(now.allocated - before.allocated, kBytes);
  EXPECT_EQ(now.peak - before.allocated, 2 * kBytes);
  EXPECT_EQ(now.reserved - before.reserved, 2 * kBytes);
  FreeCachedDeviceMemory();
  EXPECT_EQ(DeviceMemoryInUse().reserved - before.reserved, kBytes);
  ResetDevicePeak();
  EXPECT_EQ(DeviceMemoryInUse().peak, DeviceMemoryInUse().allocated);
}

TEST_F(CountingDeviceTest, ARecordingTellsWhetherTwoStepsAreTheSame) {
  const at::Tensor x = OnDevice(Values({4, 4}));
  const auto step = [&](double factor) { (x * factor).mm(x).relu_(); };
  const auto recorded = [&](double factor) {
    DeviceRecording recording;
    step(factor);
    return recording.Stop();
  };
  step(1);
  const auto a = recorded(2), b = recorded(2), c = recorded(3);
  ASSERT_EQ(a.size(), 3u);
  EXPECT_EQ(a[0].name, "aten::mul.out");
  EXPECT_EQ(a[1].name, "aten::mm.out");
  EXPECT_EQ(a[2].name, "aten::relu_");
  EXPECT_EQ(a[0].tensors[0].address, x.const_data_ptr());
  EXPECT_EQ(a[0].tensors[0].sizes, (std::vector<int64_t>{4, 4}));
  EXPECT_EQ(FirstDifference(a, b), "");
  EXPECT_THAT(FirstDifference(a, c), HasSubstr("operation 0: aten::mul.out("));
  const std::vector<RecordedOperation> shorter(a.begin(), a.end() - 1);
  EXPECT_THAT(FirstDifference(a, shorter), HasSubstr("3 and 2 operations"));
  EXPECT_THAT(FirstDifference(shorter, a), HasSubstr("aten::relu_"));
  // Memory that another tensor holds gives other addresses.
  const at::Tensor held = at::empty_like(x);
  EXPECT_NE(FirstDifference(a, recorded(2)), "");
  // Nothing is recorded without a recording.
  DeviceRecording recording;
  EXPECT_TRUE(recording.Stop().empty());
  step(1);
  EXPECT_TRUE(recording.Stop().empty());
}

TEST_F(CountingDeviceTest, ARecordingHasCopiesAndTheThreadsOfBackwardPasses) {
  const at::Tensor x = OnDevice(Values({2})).requires_grad_();
  DeviceRecording recording;
  const at::Tensor loss = (x * x).sum();
  const size_t forward = 2;
  loss.backward();
  OnDevice(Values({2}));
  x.detach().cpu();
  loss.item<double>();
  const std::vector<RecordedOperation> operations = recording.Stop();
  ASSERT_GT(operations.size(), forward + 3);
  const auto last = operations.end();
  EXPECT_EQ((last - 3)->name, "copy to device");
  EXPECT_EQ((last - 2)->name, "copy from device");
  EXPECT_EQ((last - 1)->name, "copy from device");
}

TEST_F(CountingDeviceTest, AGraphComputesTheCapturedOperationsAgain) {
  const Net net(true);
  at::Tensor input = Pinned(net.images.cpu());
  std::vector<at::Tensor> momentum, gradients;
  for (const at::Tensor& p : net.parameters) momentum.push_back(at::zeros_like(p.detach()));
  const auto step = [&] {
    net.images.copy_(input, /*non_blocking=*/true);
    const at::Tensor loss = net.Loss();
    gradients = torch::autograd::grad({loss}, net.parameters);
    const c10::NoGradGuard no_grad;
    at::_fused_sgd_(net.parameters, gradients, momentum, 0, 0.9, 0.1, 0, false, false, false);
    return loss.detach();
  };
  const Net twin(false);
  std::vector<at::Tensor> twin_momentum;
  for (const at::Tensor& p : twin.parameters) twin_momentum.push_back(at::zeros_like(p.detach()));
  const auto twin_step = [&] {
    twin.images.copy_(input);
    const at::Tensor loss = twin.Loss();
    const auto of_twin = torch::autograd::grad({loss}, twin.parameters);
    const c10::NoGradGuard no_grad;
    at::_fused_sgd_(twin.parameters, of_twin, twin_momentum, 0, 0.9, 0.1, 0, false, false, false);
    return loss.detach();
  };

  CountingGraph graph;
  EXPECT_THAT(ErrorOf([&] { graph.Replay(); }), HasSubstr("no captured graph"));
  graph.CaptureBegin();
  const at::Tensor loss = step();
  graph.CaptureEnd();
  EXPECT_GT(graph.size(), 20u);
  ExpectClose(loss, twin_step());
  for (int i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    input.mul_(-0.5).add_(0.1 * i);                              // other images each time
    const at::Tensor other = at::zeros({64}, CountingDevice());  // memory that the graph must keep
    const DeviceCounters counts = CountsOf([&] { graph.Replay(); });
    EXPECT_EQ(counts.operations, 1);
    EXPECT_EQ(counts.copies_to_device, 1);
    EXPECT_EQ(counts.synchronizations, 0);
    EXPECT_EQ(counts.allocations, 0);
    ExpectClose(loss, twin_step());
    for (size_t p = 0; p < twin.parameters.size(); ++p) {
      ExpectClose(net.parameters[p].detach(), twin.parameters[p].detach());
    }
    EXPECT_TRUE(other.cpu().equal(at::zeros({64})));
  }
}

TEST_F(CountingDeviceTest, TheHostMustNotWaitDuringACapture) {
  const at::Tensor x = OnDevice(Values({3}));
  constexpr char kMessage[] = "a graph captures the counting device";
  CountingGraph graph;
  graph.CaptureBegin();
  const at::Tensor y = x + 1;
  EXPECT_THAT(ErrorOf([&] { y[0].item<double>(); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { y.cpu(); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { OnDevice(Values({3})); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { at::nonzero(y); }), HasSubstr(kMessage));
  EXPECT_THAT(ErrorOf([&] { at::equal(x, y); }), HasSubstr(kMessage));
  CountingGraph second;
  EXPECT_THAT(ErrorOf([&] { second.CaptureBegin(); }), HasSubstr("another graph captures"));
  graph.Abandon();
  EXPECT_THAT(ErrorOf([&] { graph.Replay(); }), HasSubstr("no captured graph"));
  ExpectClose(y, Values({3}) + 1);
  // A failed capture leaves the device in order.
  second.CaptureBegin();
  const at::Tensor z = x * 2;
  second.CaptureEnd();
  x.fill_(4);
  second.Replay();
  ExpectClose(z, at::full({3}, 8, at::kDouble));
}

TEST_F(CountingDeviceTest, DeterministicModeFillsNewMemory) {
  EXPECT_EQ(OperationsOf([] { at::empty({3}, CountingDevice()); }), 0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  at::Tensor x;
  EXPECT_EQ(OperationsOf([&] { x = at::empty({3}, CountingDevice()); }), 1);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  EXPECT_EQ(OperationsOf([] { at::empty({3}, CountingDevice()); }), 0);
  at::globalContext().setDeterministicFillUninitializedMemory(true);
  at::globalContext().setDeterministicAlgorithms(false, /*warn_only=*/false);
  EXPECT_TRUE(x.isnan().all().item<bool>());
}

}  // namespace
}  // namespace pdarts
