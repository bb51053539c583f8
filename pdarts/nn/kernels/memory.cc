#include "pdarts/nn/kernels/memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace pdarts::nn {

void KeepFreedMemory() {
#ifdef __GLIBC__
  // Everything from the heap, whatever its size: the threshold that mallopt takes ends at 32 MiB.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
#if defined(MADV_HUGEPAGE) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // The heap grows once, to what may be needed; none of it is touched here.
  const size_t physical =
      static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* reserved = nullptr;
  size_t size = physical / 2;
  while (reserved == nullptr && size >= size_t{1} << 30) {
    reserved = std::malloc(size);
    if (reserved == nullptr) size /= 2;
  }
  if (reserved == nullptr) return;
  constexpr size_t kPage = size_t{2} << 20;
  void* begin = reserved;
  // It is advice: what the system answers changes nothing.
  if (std::align(kPage, kPage, begin, size)) madvise(begin, size / kPage * kPage, MADV_HUGEPAGE);
  std::free(reserved);
#endif
#endif
}

}  // namespace pdarts::nn
