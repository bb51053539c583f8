#include "pdarts/nn/kernels/memory.h"

#include <malloc.h>
#include <sys/resource.h>

namespace pdarts::nn {
namespace {

bool IsLimited(decltype(RLIMIT_AS) resource) {
  rlimit limit;
  return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

}  // namespace

void KeepFreedMemory() {
#ifdef __GLIBC__
  // Allocates everything from the heap, whatever its size. The alternative, M_MMAP_THRESHOLD, has a
  // maximum of 32 MiB.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  if (IsLimited(RLIMIT_AS) || IsLimited(RLIMIT_DATA)) {
    // Each further heap would reserve 64 MiB of address space for the threads that use it.
    mallopt(M_ARENA_MAX, 1);
  } else {
    // The heap grows by more than it needs, so that it grows less often.
    mallopt(M_TOP_PAD, 64 << 20);
  }
#endif
}

}  // namespace pdarts::nn
