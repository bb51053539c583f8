#include "pdarts/nn/kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "ATen/Parallel.h"
#include "gtest/gtest.h"

namespace pdarts::nn {
namespace {

class ParallelFor : public testing::Test {
 protected:
  ~ParallelFor() override { at::set_num_threads(before_); }

 private:
  const int before_ = at::get_num_threads();
};

TEST_F(ParallelFor, VisitsEveryItemOnce) {
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    for (const int64_t count : {0, 1, 2, 3, 7, 100}) {
      // Plain integers, so that ThreadSanitizer finds a race between two chunks.
      std::vector<int> visits(count);
      std::vector<int64_t> sizes(NumChunks(count));
      nn::ParallelFor(count, [&](int64_t chunk, int64_t begin, int64_t end) {
        sizes[chunk] += end - begin;
        for (int64_t i = begin; i < end; ++i) ++visits[i];
      });
      EXPECT_EQ(visits, std::vector<int>(count, 1)) << threads << " threads";
      for (const int64_t size : sizes) {
        EXPECT_GE(size, count / threads) << threads << " threads, " << count << " items";
      }
    }
  }
}

TEST_F(ParallelFor, RunsChunksAtOnce) {
  at::set_num_threads(2);
  ASSERT_EQ(NumChunks(2), 2);
  std::atomic<int> arrived = 0;
  nn::ParallelFor(2, [&](int64_t, int64_t, int64_t) {
    ++arrived;
    // Ends only if the other chunk has a thread of its own.
    while (arrived < 2) {
    }
  });
  EXPECT_EQ(arrived, 2);
}

TEST_F(ParallelFor, HandsExceptionsOn) {
  at::set_num_threads(2);
  EXPECT_THROW(nn::ParallelFor(2,
                               [](int64_t chunk, int64_t, int64_t) {
                                 if (chunk == 1) throw std::runtime_error("chunk 1");
                               }),
               std::runtime_error);
}

TEST(NumParts, GivesEveryThreadATask) {
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3, 8, 64}) {
    at::set_num_threads(threads);
    for (const int64_t images : {1, 2, 5, 32, 100}) {
      for (const int64_t operations : {1, 2, 7, 40}) {
        const int64_t parts = NumParts(images, operations);
        ASSERT_GE(parts, 1);
        ASSERT_LE(parts, operations);
        // A thread may be idle only if there is nothing left to divide, and nothing may be divided
        // without need.
        const int64_t idle = std::max<int64_t>(0, threads - images * parts);
        if (parts < operations) {
          EXPECT_EQ(idle, 0) << threads << " " << images << " " << operations;
        }
        if (images >= threads) {
          EXPECT_EQ(parts, 1);
        }
      }
    }
  }
  EXPECT_EQ(NumParts(0, 5), 1);
  at::set_num_threads(before);
}

}  // namespace
}  // namespace pdarts::nn
