#include "pdarts/nn/kernels/parallel.h"

#include <algorithm>

#include "ATen/Parallel.h"

#ifdef PDARTS_STD_THREADS
#include <exception>
#include <thread>
#include <vector>
#endif

namespace pdarts::nn {
namespace {

/// The first item of a chunk.
int64_t Begin(int64_t count, int64_t chunks, int64_t chunk) {
  return count / chunks * chunk + std::min(chunk, count % chunks);
}

}  // namespace

int64_t NumChunks(int64_t count) {
  if (at::in_parallel_region()) return std::min<int64_t>(count, 1);
  return std::min<int64_t>(count, at::get_num_threads());
}

int64_t NumParts(int64_t count, int64_t pieces) {
  if (count == 0 || at::in_parallel_region()) return 1;
  const int64_t threads = at::get_num_threads();
  return std::max<int64_t>(1, std::min(pieces, (threads + count - 1) / count));
}

void ParallelFor(int64_t count, const std::function<void(int64_t, int64_t, int64_t)>& body) {
  const int64_t chunks = NumChunks(count);
  if (chunks == 0) return;
  if (chunks == 1) {
    body(0, 0, count);
    return;
  }
  const auto run = [&](int64_t chunk) {
    body(chunk, Begin(count, chunks, chunk), Begin(count, chunks, chunk + 1));
  };
#ifdef PDARTS_STD_THREADS
  std::vector<std::exception_ptr> errors(chunks);
  std::vector<std::thread> threads;
  for (int64_t chunk = 1; chunk < chunks; ++chunk) {
    threads.emplace_back([&, chunk] {
      try {
        run(chunk);
      } catch (...) {
        errors[chunk] = std::current_exception();
      }
    });
  }
  try {
    run(0);
  } catch (...) {
    errors[0] = std::current_exception();
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
#else
  at::parallel_for(0, chunks, /*grain_size=*/1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk) run(chunk);
  });
#endif
}

}  // namespace pdarts::nn
