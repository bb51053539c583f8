#ifndef PDARTS_BENCHMARKS_MACHINE_SPEED_H_
#define PDARTS_BENCHMARKS_MACHINE_SPEED_H_

#include <cstdint>
#include <string>

namespace pdarts {

/// The maximum speed of some threads of this machine together.
struct MachineSpeed {
  int threads = 0;
  // Bytes per second, with ordinary stores. The bytes that the processor reads before it stores
  // into a cache line are not counted.
  double read = 0;
  double write = 0;
  double copy = 0;  ///< read and written bytes together
  // Multiply-adds per second.
  double multiply_adds = 0;  ///< float32
  double dot_products = 0;   ///< bfloat16 products added to float32 sums; 0: no such instruction
};

/// The widest instruction set of this processor: "portable", "avx2", "avx512", "avx512_bf16".
std::string WidestInstructionSet();

/// A size in bytes that fits into no cache: four times the last-level cache, and at least 256 MiB.
int64_t UncachedBytes();

/// Measures with this many threads, and sets LibTorch's number of threads to it. Takes about a
/// second. The best of several repetitions counts, because other work on the machine only makes it
/// slower.
/// \param bytes the size of each of the two arrays, for all threads together.
MachineSpeed MeasureMachine(int threads, int64_t bytes);

/// For each number, the larger of two measurements with the same number of threads.
MachineSpeed BestOf(const MachineSpeed& a, const MachineSpeed& b);

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_MACHINE_SPEED_H_
