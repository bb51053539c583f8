#ifndef PDARTS_NN_KERNELS_VARIANT_H_
#define PDARTS_NN_KERNELS_VARIANT_H_

#include <string>
#include <vector>

#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// For which instruction set the fused operations' loops are compiled.
enum class KernelVariant {
  kPortable,  ///< any x86-64
  kAvx2,      ///< AVX2 and FMA
  kAvx512,    ///< AVX-512 F, VL, DQ, BW
  /// No loops of our own: LibTorch's operations, differentiated by autograd. What runs on devices
  /// other than the CPU, and what the others are tested against.
  kComposition,
};

/// "portable", "avx2", "avx512", "composition".
const char* KernelVariantName(KernelVariant variant);

/// Those that this processor can run.
std::vector<KernelVariant> RunnableKernelVariants();

/// The one in use: the best that this processor can run, unless the environment variable
/// PDARTS_KERNEL_VARIANT names another, or SetKernelVariant was called. Dies if that variable names
/// none that can run.
KernelVariant CurrentKernelVariant();

/// For tests. Dies if this processor can't run it.
void SetKernelVariant(KernelVariant variant);

/// The loops of the variant in use, which must not be kComposition.
template <typename T>
const KernelTable<T>& Loops();

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_VARIANT_H_
