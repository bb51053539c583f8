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

/// The instructions for which the loops of the fused kernels are compiled. Processors other than
/// x86-64 have only the portable loops.
enum class InstructionSet {
  kPortable,    ///< instructions of every processor of the architecture
  kAvx2,        ///< AVX2 and FMA
  kAvx512,      ///< AVX-512 F, VL, DQ and BW
  kAvx512Bf16,  ///< kAvx512, and AVX-512's bfloat16 dot product
};

/// "portable", "avx2", "avx512", "avx512_bf16".
const char* InstructionSetName(InstructionSet instructions);

/// The instruction sets that this processor can run. The first one is kPortable.
std::vector<InstructionSet> RunnableInstructionSets();

/// The fastest instruction set that this processor can run for activations of this type.
/// kAvx512Bf16 is chosen only for bfloat16, because other types do not use its instructions.
InstructionSet BestInstructionSet(c10::ScalarType storage = c10::kFloat);

/// Grouped and batched operators of LibTorch, for devices whose speed is limited by the number of
/// operators. GROUPED is not a value of a spec: ResolveBackend chooses it.
inline constexpr Kernels GROUPED = static_cast<Kernels>(2);
static_assert(Kernels_MAX < GROUPED, "GROUPED is the number of a value of a spec");

/// "fused", "reference", "grouped".
const char* KernelsName(Kernels kernels);

/// How a network computes. A command resolves the backend once, with ResolveBackend, and passes it
/// to all code that builds networks.
struct Backend {
  /// FUSED: the loops of pdarts, on the CPU. REFERENCE: operators of LibTorch, one after the other,
  /// on any device. GROUPED: fewer and larger operators of LibTorch, on any device; for devices
  /// other than the CPU.
  Kernels kernels = FUSED;
  InstructionSet instructions = BestInstructionSet();  ///< of FUSED
  c10::ScalarType parameters = c10::kFloat;            ///< of weights and sums: kFloat or kDouble
  /// The type in which activations are stored: kBFloat16, kHalf, or the type of `parameters`.
  c10::ScalarType storage = c10::kFloat;
  c10::Device device = c10::kCPU;

  /// Whether activations are stored in 16 bits.
  bool is_narrow() const { return c10::elementSize(storage) == 2; }
  /// Whether images should lie in memory as [N,H,W,C]. The fused kernels read images in this order,
  /// and so do the convolutions of 16-bit values on a GPU.
  bool channels_last() const { return kernels == FUSED || (!device.is_cpu() && is_narrow()); }
};

/// The backend for the kernels and the precision of a spec on a device. FUSED is for the CPU: on
/// another device, it becomes GROUPED. FLOAT16 has no fused loops: on the CPU, FUSED becomes
/// REFERENCE. The environment variable PDARTS_KERNEL_VARIANT names the instruction set. If the
/// variable is not set, BestInstructionSet chooses.
/// \error kInvalidArgument if the variable names no instruction set that this processor can run.
/// The message lists the possible names.
absl::StatusOr<Backend> ResolveBackend(Kernels kernels, Precision precision, c10::Device device);

/// Checks before a run begins whether a program can compute with a backend. FLOAT16 needs another
/// device than the CPU. Commands that compute nothing can read a spec with FLOAT16 everywhere.
/// \param field of the precision: "search.precision".
/// \error kInvalidArgument naming the field and the device.
absl::Status CheckPrecision(const Backend& backend, absl::string_view field);

/// The name of a backend in reports: "fused/avx2", "fused/avx512_bf16, bfloat16", "reference",
/// "reference/cuda", "grouped/cuda". FLOAT32 and FLOAT64 have the same name.
std::string BackendName(const Backend& backend);

}  // namespace pdarts

#endif  // PDARTS_CORE_BACKEND_H_
