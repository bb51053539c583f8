#ifndef PDARTS_BENCHMARKS_MACHINE_LOOPS_H_
#define PDARTS_BENCHMARKS_MACHINE_LOOPS_H_

// The loops that measure a machine, as a table for each instruction set. This header is included
// where the loops are compiled, with flags of their own, so it holds plain data only.

#include <cstdint>

namespace pdarts {

struct MachineLoops {
  /// Does `repeats` times `multiply_adds` float32 multiply-adds that don't wait for each other.
  /// Returns a number that depends on all of them and on `seed`.
  float (*multiply_add)(int64_t repeats, float seed);
  int64_t multiply_adds;

  // Arrays begin at a multiple of 64 bytes; `count` is a multiple of 1024.
  /// The sum of the values.
  float (*read)(const float* data, int64_t count);
  void (*write)(float* data, int64_t count, float value);
  void (*copy)(const float* from, float* to, int64_t count);
};

/// bfloat16 products that are added to float32 sums, as MachineLoops::multiply_add.
struct DotLoop {
  float (*dot)(int64_t repeats, float seed);
  int64_t multiply_adds;
};

namespace portable {
extern const MachineLoops kMachineLoops;
}  // namespace portable

// x86-64 only.
namespace avx2 {
extern const MachineLoops kMachineLoops;
}  // namespace avx2
namespace avx512 {
extern const MachineLoops kMachineLoops;
}  // namespace avx512
namespace avx512_bf16 {
extern const DotLoop kDotLoop;
}  // namespace avx512_bf16

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_MACHINE_LOOPS_H_
