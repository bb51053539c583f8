#ifndef PDARTS_NN_KERNELS_SCRATCH_H_
#define PDARTS_NN_KERNELS_SCRATCH_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "pdarts/nn/kernels/kernel_table.h"

namespace pdarts::nn {

/// Memory for the duration of a loop, which is allocated piece by piece, aligned to 64 bytes and
/// not initialized. A piece stays valid until Reset. Throws c10::Error if there is no more memory.
class Scratch {
 public:
  /// The scratch memory of this thread. A user calls Reset first. Only one user at a time may use
  /// it.
  static Scratch& OfThread();

  /// Frees all pieces, and keeps the memory.
  void Reset();

  template <typename T>
  T* Get(int64_t count) {
    return static_cast<T*>(Bytes(static_cast<size_t>(count) * sizeof(T)));
  }

  template <typename T>
  T* GetZeros(int64_t count) {
    T* p = Get<T>(count);
    std::memset(p, 0, static_cast<size_t>(count) * sizeof(T));
    return p;
  }

  /// A plane with a margin on each side. All values are 0.
  template <typename T>
  Plane<T> GetPlane(int64_t channels, int64_t height, int64_t width, int64_t margin,
                    int64_t lanes) {
    const int64_t row = (width + 2 * margin) * lanes;
    const int64_t block = (height + 2 * margin) * row;
    const int64_t blocks = (channels + lanes - 1) / lanes;
    T* p = GetZeros<T>(blocks * block);
    return {p + margin * row + margin * lanes, block, row};
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  struct Piece {
    std::unique_ptr<char, Free> memory;
    size_t size = 0;
  };

  void* Bytes(size_t size);

  std::vector<Piece> pieces_;
  size_t used_ = 0;   ///< of the last piece
  size_t total_ = 0;  ///< of all pieces
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_KERNELS_SCRATCH_H_
