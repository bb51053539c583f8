#ifndef PDARTS_NN_KERNELS_PARALLEL_H_
#define PDARTS_NN_KERNELS_PARALLEL_H_

#include <cstdint>
#include <functional>

namespace pdarts::nn {

/// The number of chunks into which ParallelFor divides `count` items: at most LibTorch's number of
/// threads, and 1 inside another parallel loop.
int64_t NumChunks(int64_t count);

/// The number of parts into which the `pieces` of each of `count` items must be divided, so that
/// every thread has work: 1 if there are at least as many items as threads, and at most `pieces`.
int64_t NumParts(int64_t count, int64_t pieces);

/// Calls body(chunk, begin, end) for each chunk of [0, count), each on a different thread of
/// LibTorch's pool. The items of a chunk depend only on `count` and the number of threads. So
/// separate sums for each chunk that are added in order are the same in every run. With
/// --config=tsan, the threads are std::threads, which ThreadSanitizer can observe.
void ParallelFor(int64_t count,
                 const std::function<void(int64_t chunk, int64_t begin, int64_t end)>& body);

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_PARALLEL_H_
