#ifndef PDARTS_NN_KERNELS_MEMORY_H_
#define PDARTS_NN_KERNELS_MEMORY_H_

namespace pdarts::nn {

/// Makes the allocator keep what is freed instead of handing it back to the system. Activations of
/// some megabytes come and go with every step; without this each comes as pages that the system has
/// to find and clear again. For programs that train, to be called once at their start, before there
/// are threads. Takes no memory, and no address space where that is limited: there, all threads
/// share one heap.
void KeepFreedMemory();

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_MEMORY_H_
