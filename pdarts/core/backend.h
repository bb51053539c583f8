#ifndef PDARTS_CORE_BACKEND_H_
#define PDARTS_CORE_BACKEND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "c10/core/Device.h"
#include "c10/core/ScalarType.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// For which instructions the loops of the fused kernels are compiled. Processors other than x86-64
/// have the portable loops only.
enum class InstructionSet {
  kPortable,    ///< what every processor of the architecture has
  kAvx2,        ///< AVX2 and FMA
  kAvx512,      ///< AVX-512 F, VL, DQ and BW
  kAvx512Bf16,  ///< kAvx512, and AVX-512's bfloat16 dot product
};

/// "portable", "avx2", "avx512", "avx512_bf16".
const char* InstructionSetName(InstructionSet instructions);

/// Those that this processor can run; the portable one is the first.
std::vector<InstructionSet> RunnableInstructionSets();

/// The fastest that this processor can run for activations of this type. kAvx512Bf16 is for
/// bfloat16 alone: other types gain nothing from it.
InstructionSet BestInstructionSet(c10::ScalarType storage = c10::kFloat);

/// Grouped and batched operators of LibTorch, for devices that are bound by the number of
/// operators. It is not a value of a spec: ResolveBackend chooses it.
inline constexpr Kernels GROUPED = static_cast<Kernels>(2);
static_assert(Kernels_MAX < GROUPED, "GROUPED is the number of a value of a spec");

/// "fused", "reference", "grouped".
const char* KernelsName(Kernels kernels);

/// How a network computes. A command resolves it once, by ResolveBackend, and hands it to all that
/// builds networks.
struct Backend {
  /// FUSED: pdarts's own loops, on the CPU. REFERENCE: compositions of LibTorch's operators, on any
  /// device. GROUPED: compositions of fewer operators, on any device; for devices other than the
  /// CPU.
  Kernels kernels = FUSED;
  InstructionSet instructions = BestInstructionSet();  ///< of FUSED
  c10::ScalarType parameters = c10::kFloat;            ///< of weights and sums: kFloat or kDouble
  /// Of activations: kBFloat16, kHalf, or as `parameters`.
  c10::ScalarType storage = c10::kFloat;
  c10::Device device = c10::kCPU;

  /// Whether activations are stored in 16 bits.
  bool is_narrow() const { return c10::elementSize(storage) == 2; }
  /// Whether images should lie in memory as [N,H,W,C]: the fused kernels read them so, and so do
  /// the convolutions of 16-bit values on a GPU.
  bool channels_last() const { return kernels == FUSED || (!device.is_cpu() && is_narrow()); }
};

/// The backend of a spec's kernels and precision on a device. FUSED is for the CPU: on another
/// device it becomes GROUPED. FLOAT16 has no fused loops either, and on the CPU it becomes
/// REFERENCE. The environment variable PDARTS_KERNEL_VARIANT names the instruction set; without it,
/// BestInstructionSet chooses. \error kInvalidArgument if the variable names no instruction set
/// that this processor can run; the message lists those that it can.
absl::StatusOr<Backend> ResolveBackend(Kernels kernels, Precision precision, c10::Device device);

/// Whether a program may compute with a backend, asked before a run begins. FLOAT16 is for other
/// devices than the CPU. Commands that compute nothing may read a spec of FLOAT16 everywhere.
/// \param field of the precision: "search.precision".
/// \error kInvalidArgument naming the field and the device.
absl::Status CheckPrecision(const Backend& backend, absl::string_view field);

/// What reports say of a backend: "fused/avx2", "fused/avx512_bf16, bfloat16", "reference",
/// "reference/cuda", "grouped/cuda". FLOAT32 and FLOAT64 have the same name.
std::string BackendName(const Backend& backend);

}  // namespace pdarts

#endif  // PDARTS_CORE_BACKEND_H_
