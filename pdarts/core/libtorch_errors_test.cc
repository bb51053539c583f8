#include "pdarts/core/libtorch_errors.h"

#include <new>
#include <stdexcept>

#include "ATen/ops/empty.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/sanitizer.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

template <class Exception>
absl::Status StatusOf(const Exception& exception) {
  return CatchLibTorchErrors([&]() -> absl::Status { throw exception; });
}

TEST(CatchLibTorchErrors, TurnsEveryExceptionIntoAStatus) {
  EXPECT_EQ(StatusOf(std::bad_alloc()).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(StatusOf(std::runtime_error("broken")), absl::InternalError("broken"));
  EXPECT_EQ(StatusOf(3).code(), absl::StatusCode::kInternal);
  const absl::Status of_torch = CatchLibTorchErrors([] {
    at::empty({-1});
    return absl::OkStatus();
  });
  EXPECT_EQ(of_torch.code(), absl::StatusCode::kInternal);
  // The C++ stack that LibTorch appends does not help a user.
  EXPECT_THAT(of_torch.ToString(), AllOf(HasSubstr("LibTorch: "), HasSubstr("-1"),
                                         Not(HasSubstr("Exception raised from"))));
}

TEST(CatchLibTorchErrors, NamesThePlace) {
  const auto work = []() -> absl::Status { throw std::runtime_error("broken"); };
  EXPECT_EQ(CatchLibTorchErrors(work, "stage 1"), absl::InternalError("stage 1: broken"));
}

TEST(CatchLibTorchErrors, MemoryThatCannotBeAllocatedIsNoInternalError) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer ends the program";
  const absl::Status status = CatchLibTorchErrors(
      [] {
        at::empty({int64_t{1} << 50});
        return absl::OkStatus();
      },
      "stage 1");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.ToString(), HasSubstr("stage 1: out of memory: "));
}

TEST(CatchLibTorchErrors, ReturnsWhatTheWorkReturns) {
  EXPECT_EQ(CatchLibTorchErrors([] { return absl::NotFoundError("a"); }), absl::NotFoundError("a"));
}

}  // namespace
}  // namespace pdarts
