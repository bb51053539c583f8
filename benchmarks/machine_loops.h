#ifndef PDARTS_BENCHMARKS_MACHINE_LOOPS_H_
#define PDARTS_BENCHMARKS_MACHINE_LOOPS_H_

// The loops that measure a machine, in a table for each instruction set. The files with the loops,
// which are compiled with special flags, include this header. So it contains only plain data.

#include <cstdint>

namespace pdarts {

struct MachineLoops {
  /// Computes `repeats` times `multiply_adds` float32 multiply-adds that do not depend on each
  /// other. Returns a number that depends on all of them and on `seed`.
  float (*multiply_add)(int64_t repeats, float seed);
  int64_t multiply_adds;

  // Arrays begin at a multiple of 64 bytes; `count` is a multiple of 1024.
  /// The sum of the values.
  float (*read)(const float* data, int64_t count);
  void (*write)(float* data, int64_t count, float value);
  void (*copy)(const float* from, float* to, int64_t count);
};

/// Products of bfloat16 values, which are added to float32 sums. The function corresponds to
/// MachineLoops::multiply_add.
struct DotLoop {
  float (*dot)(int64_t repeats, float seed);
  int64_t multiply_adds;
};

namespace portable {
extern const MachineLoops kMachineLoops;
}  // namespace portable

// Only on x86-64.
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
