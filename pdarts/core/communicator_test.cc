#include "pdarts/core/communicator.h"

#include <string>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/full.h"
#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/testing/process_threads.h"

namespace pdarts {
namespace {

at::Tensor Full(at::IntArrayRef shape, double value, at::ScalarType type = at::kFloat) {
  return at::full(shape, value, at::TensorOptions(type));
}

TEST(SingleProcess, ReturnsWhatItIsGivenAndCountsNothing) {
  Communicator& alone = SingleProcess();
  EXPECT_EQ(alone.rank(), 0);
  EXPECT_EQ(alone.size(), 1);
  const at::Tensor tensor = Full({3}, 2);
  EXPECT_TRUE(alone.AllReduce({tensor}).ok());
  EXPECT_TRUE(alone.Broadcast({tensor}, 0).ok());
  EXPECT_TRUE(tensor.equal(Full({3}, 2)));
  EXPECT_EQ(*alone.BroadcastText("text", 0), "text");
  EXPECT_TRUE(*alone.AnyTrue(true));
  EXPECT_FALSE(*alone.AnyTrue(false));
  EXPECT_TRUE(alone.Barrier().ok());
  EXPECT_EQ(alone.Share(7).size(), 7);
  EXPECT_EQ(alone.counts().all_reduces, 0);
}

TEST(Communicator, SharesCoverAllItemsOnce) {
  ExpectAllOk(RunProcesses(3, [](Communicator& communicator) {
    for (const int64_t count : {0, 1, 2, 3, 7, 96}) {
      const PositionRange share = communicator.Share(count);
      EXPECT_EQ(share.begin, communicator.rank() * count / 3);
      EXPECT_EQ(share.end, (communicator.rank() + 1) * count / 3);
      const at::Tensor sizes = Full({1}, static_cast<double>(share.size()), at::kLong);
      PDARTS_RETURN_IF_ERROR(communicator.AllReduce({sizes}));
      EXPECT_EQ(sizes.item<int64_t>(), count);
    }
    return absl::OkStatus();
  }));
}

TEST(Communicator, SumsTensorsOfOneTypeInOneBuffer) {
  ExpectAllOk(RunProcesses(3, [](Communicator& communicator) {
    const double value = communicator.rank() + 1;  // the sum is 6
    const at::Tensor matrix = Full({4, 2}, value).t(), scalar = Full({}, 10 * value),
                     empty = at::empty({0}), half = Full({2}, value, at::kBFloat16),
                     precise = Full({3}, value / 3, at::kDouble), count = Full({1}, 7, at::kLong);
    at::Tensor parameter = Full({2}, value).requires_grad_();
    PDARTS_RETURN_IF_ERROR(
        communicator.AllReduce({matrix, scalar, empty, half, precise, count, parameter}));
    EXPECT_TRUE(matrix.equal(Full({2, 4}, 6)));
    EXPECT_TRUE(scalar.equal(Full({}, 60)));
    EXPECT_TRUE(half.equal(Full({2}, 6, at::kBFloat16)));
    EXPECT_TRUE(parameter.equal(Full({2}, 6)));
    EXPECT_TRUE(parameter.requires_grad());
    EXPECT_TRUE(precise.equal(Full({3}, 2, at::kDouble)));
    EXPECT_EQ(count.item<int64_t>(), 21);
    // float32 (with bfloat16), float64, int64.
    EXPECT_EQ(communicator.counts().all_reduces, 3);
    EXPECT_EQ(communicator.counts().bytes, (8 + 1 + 2 + 2) * 4 + 3 * 8 + 8);
    return absl::OkStatus();
  }));
}

TEST(Communicator, SumsHaveTheSameBitsEverywhere) {
  std::vector<at::Tensor> sums(4);
  ExpectAllOk(RunProcesses(4, [&](Communicator& communicator) {
    // In float32 the sum of these numbers depends on their order.
    sums[communicator.rank()] = at::arange(1, 100, at::TensorOptions(at::kFloat))
                                    .pow(communicator.rank() - 1.5)
                                    .reciprocal();
    return communicator.AllReduce({sums[communicator.rank()]});
  }));
  for (const at::Tensor& sum : sums) EXPECT_TRUE(sum.equal(sums[0]));
}

TEST(Communicator, BroadcastsTensorsAndTextOfTheRoot) {
  ExpectAllOk(RunProcesses(3, [](Communicator& communicator) {
    const int rank = communicator.rank();
    const at::Tensor weights = Full({2, 3}, rank).t(), flags = Full({2}, rank == 1, at::kBool),
                     bytes = Full({3}, rank, at::kByte);
    PDARTS_RETURN_IF_ERROR(communicator.Broadcast({weights, flags, bytes}, 1));
    EXPECT_TRUE(weights.equal(Full({3, 2}, 1)));
    EXPECT_TRUE(flags.all().item<bool>());
    EXPECT_TRUE(bytes.equal(Full({3}, 1, at::kByte)));
    for (const std::string& text :
         {std::string(), std::string("a\0b", 3), std::string(1000, 'x')}) {
      PDARTS_ASSIGN_OR_RETURN(const std::string got,
                              communicator.BroadcastText(rank == 2 ? text : "mine", 2));
      EXPECT_EQ(got, text);
    }
    EXPECT_EQ(communicator.counts().all_reduces, 0);
    return absl::OkStatus();
  }));
}

TEST(Communicator, AgreesOnAFlag) {
  ExpectAllOk(RunProcesses(3, [](Communicator& communicator) {
    for (int who = 0; who < 3; ++who) {
      PDARTS_ASSIGN_OR_RETURN(const bool any, communicator.AnyTrue(communicator.rank() == who));
      EXPECT_TRUE(any);
    }
    PDARTS_ASSIGN_OR_RETURN(const bool none, communicator.AnyTrue(false));
    EXPECT_FALSE(none);
    return communicator.Barrier();
  }));
}

TEST(Communicator, NamesAProcessThatHasEnded) {
  const std::vector<absl::Status> statuses = RunProcesses(3, [](Communicator& communicator) {
    PDARTS_RETURN_IF_ERROR(communicator.Barrier());
    if (communicator.rank() == 1) return absl::CancelledError("gone");
    return communicator.AllReduce({Full({1}, 1)});
  });
  EXPECT_TRUE(absl::IsCancelled(statuses[1]));
  for (const int rank : {0, 2}) {
    EXPECT_TRUE(absl::IsUnavailable(statuses[rank])) << statuses[rank];
    EXPECT_EQ(statuses[rank].message(), "process 1 of 3 has ended");
  }
}

TEST(Communicator, ThreadsTellOfCallsThatDiffer) {
  const std::vector<absl::Status> statuses = RunProcesses(2, [](Communicator& communicator) {
    return communicator.AllReduce({Full({1 + communicator.rank()}, 1)});
  });
  for (const absl::Status& status : statuses) EXPECT_TRUE(absl::IsInternal(status)) << status;
}

}  // namespace
}  // namespace pdarts
