#include "benchmarks/machine_speed.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include "ATen/Parallel.h"
#include "benchmarks/machine_loops.h"
#include "glog/logging.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/seconds_since.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts {
namespace {

constexpr int64_t kAlignment = 64;  // bytes
constexpr int64_t kUnit = 1024;     // values
constexpr int kRepetitions = 7;
constexpr double kMultiplyAdds = 4e8;  // of one thread in one repetition

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};
using Array = std::unique_ptr<float, Free>;

InstructionSet Widest() { return RunnableInstructionSets().back(); }

const MachineLoops& Loops() {
#if defined(__x86_64__)
  switch (Widest()) {
    case InstructionSet::kAvx512Bf16:
    case InstructionSet::kAvx512:
      return avx512::kMachineLoops;
    case InstructionSet::kAvx2:
      return avx2::kMachineLoops;
    case InstructionSet::kPortable:
      break;
  }
#endif
  return portable::kMachineLoops;
}

/// Null if the processor does not have the instruction.
const DotLoop* Dots() {
#if defined(__x86_64__)
  if (Widest() == InstructionSet::kAvx512Bf16) return &avx512_bf16::kDotLoop;
#endif
  return nullptr;
}

/// The time in seconds of the fastest repetition of `body`, which runs once on every thread.
double BestSeconds(int threads, const std::function<void(int64_t thread)>& body) {
  double best = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    nn::ParallelFor(threads, [&](int64_t, int64_t first, int64_t end) {
      for (int64_t thread = first; thread < end; ++thread) body(thread);
    });
    const double seconds = SecondsSince(begin);
    if (i == 0 || seconds < best) best = seconds;
  }
  return best;
}

/// The multiply-adds per second of all threads together. `loop` is a loop of MachineLoops or
/// DotLoop.
double MultiplyAddsPerSecond(int threads, float (*loop)(int64_t, float), int64_t multiply_adds) {
  const auto repeats = static_cast<int64_t>(kMultiplyAdds) / multiply_adds;
  std::vector<float> results(threads);
  const double seconds = BestSeconds(
      threads, [&](int64_t t) { results[t] += loop(repeats, 1 + static_cast<float>(t)); });
  // The results are used, so that the compiler cannot omit the loops.
  for (const float result : results) CHECK(result == result);
  return static_cast<double>(threads) * static_cast<double>(repeats * multiply_adds) / seconds;
}

}  // namespace

std::string WidestInstructionSet() { return InstructionSetName(Widest()); }

int64_t UncachedBytes() {
  constexpr int64_t kLeast = int64_t{256} << 20;
#if defined(_SC_LEVEL3_CACHE_SIZE)
  return std::max(kLeast, int64_t{4} * sysconf(_SC_LEVEL3_CACHE_SIZE));
#else
  return kLeast;
#endif
}

MachineSpeed MeasureMachine(int threads, int64_t bytes) {
  at::set_num_threads(threads);
  const MachineLoops& loops = Loops();
  MachineSpeed speed;
  speed.threads = threads;
  speed.multiply_adds = MultiplyAddsPerSecond(threads, loops.multiply_add, loops.multiply_adds);
  if (const DotLoop* const dots = Dots()) {
    speed.dot_products = MultiplyAddsPerSecond(threads, dots->dot, dots->multiply_adds);
  }

  const int64_t count =
      std::max<int64_t>(1, bytes / static_cast<int64_t>(sizeof(float)) / threads / kUnit) * kUnit;
  std::vector<Array> from(threads), to(threads);
  for (std::vector<Array>* arrays : {&from, &to}) {
    for (Array& array : *arrays) {
      array.reset(static_cast<float*>(
          std::aligned_alloc(kAlignment, static_cast<size_t>(count) * sizeof(float))));
      CHECK(array != nullptr) << "no memory for " << count << " values";
    }
  }
  // This also allocates the memory, each part by the thread that will use it.
  BestSeconds(threads, [&](int64_t t) { loops.write(from[t].get(), count, 1); });
  const double of_one = static_cast<double>(threads) * static_cast<double>(count) * sizeof(float);
  speed.write = of_one / BestSeconds(threads, [&](int64_t t) {
                  loops.write(to[t].get(), count, static_cast<float>(t));
                });
  std::vector<float> sums(threads);
  speed.read = of_one / BestSeconds(threads, [&](int64_t t) {
                 sums[t] += loops.read(from[t].get(), count);
               });
  for (const float sum : sums) CHECK(sum > 0);
  speed.copy = 2 * of_one / BestSeconds(threads, [&](int64_t t) {
                 loops.copy(from[t].get(), to[t].get(), count);
               });
  return speed;
}

MachineSpeed BestOf(const MachineSpeed& a, const MachineSpeed& b) {
  CHECK_EQ(a.threads, b.threads);
  MachineSpeed best;
  best.threads = a.threads;
  best.read = std::max(a.read, b.read);
  best.write = std::max(a.write, b.write);
  best.copy = std::max(a.copy, b.copy);
  best.multiply_adds = std::max(a.multiply_adds, b.multiply_adds);
  best.dot_products = std::max(a.dot_products, b.dot_products);
  return best;
}

}  // namespace pdarts
