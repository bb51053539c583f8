#ifndef PDARTS_NN_KERNELS_PARALLEL_H_
#define PDARTS_NN_KERNELS_PARALLEL_H_

#include <cstdint>
#include <functional>

namespace pdarts::nn {

/// In how many chunks ParallelFor divides `count` items: LibTorch's number of threads at most, 1
/// inside another parallel loop.
int64_t NumChunks(int64_t count);

/// In how many parts the `pieces` of each of `count` items have to be divided so that every thread
/// has something to do: 1 where there are as many items as threads, `pieces` at most.
int64_t NumParts(int64_t count, int64_t pieces);

/// Calls body(chunk, begin, end) for each chunk of [0, count), each on a thread of its own from
/// LibTorch's pool. Which items make a chunk depends on `count` and the number of threads only, so
/// sums that are kept apart by chunk and added in order repeat exactly. With --config=tsan the
/// threads are std::threads, which ThreadSanitizer can see.
void ParallelFor(int64_t count,
                 const std::function<void(int64_t chunk, int64_t begin, int64_t end)>& body);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_PARALLEL_H_
