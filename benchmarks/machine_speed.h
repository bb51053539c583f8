#ifndef PDARTS_BENCHMARKS_MACHINE_SPEED_H_
#define PDARTS_BENCHMARKS_MACHINE_SPEED_H_

#include <cstdint>
#include <string>

namespace pdarts {

/// What some threads of this machine do at most, all together.
struct MachineSpeed {
  int threads = 0;
  // Bytes a second, with ordinary stores. What the processor reads to store a line is not counted.
  double read = 0;
  double write = 0;
  double copy = 0;  ///< both what is read and what is written
  // Multiply-adds a second.
  double multiply_adds = 0;  ///< float32
  double dot_products = 0;   ///< bfloat16 products added to float32 sums; 0: no such instruction
};

/// The widest vectors that this processor has: "portable", "avx2", "avx512", "avx512_bf16".
std::string WidestInstructionSet();

/// Bytes that no cache holds: four times the last-level cache, and at least 256 MiB.
int64_t UncachedBytes();

/// Measures with this many threads, and sets LibTorch's number of threads to it. Takes about a
/// second. The best of some repetitions counts, because what else runs only slows it down.
/// \param bytes of each of the two arrays, of all threads together.
MachineSpeed MeasureMachine(int threads, int64_t bytes);

/// The larger of two measurements with as many threads, figure by figure.
MachineSpeed BestOf(const MachineSpeed& a, const MachineSpeed& b);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_MACHINE_SPEED_H_
