#ifndef PDARTS_NN_KERNELS_MEMORY_H_
#define PDARTS_NN_KERNELS_MEMORY_H_

namespace pdarts::nn {

/// Makes the allocator keep freed memory instead of returning it to the system. Every step
/// allocates and frees activations of some megabytes. Without this function, the system would have
/// to find and clear the pages of each activation again. For programs that train. Call it once at
/// the start, before there are threads. The function allocates no memory. If the address space is
/// limited, it also reserves no address space, and all threads share one heap.
void KeepFreedMemory();

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_MEMORY_H_
