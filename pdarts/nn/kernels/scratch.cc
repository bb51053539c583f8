#include "pdarts/nn/kernels/scratch.h"

#include <algorithm>

#include "c10/util/Exception.h"

namespace pdarts::nn {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLeast = size_t{1} << 20;

}  // namespace

Scratch& Scratch::OfThread() {
  thread_local Scratch scratch;
  return scratch;
}

void Scratch::Reset() {
  used_ = 0;
  if (pieces_.size() <= 1) return;
  // The next time, one piece has all of the memory.
  const size_t size = total_;
  pieces_.clear();
  total_ = 0;
  Bytes(size);
  used_ = 0;
}

void* Scratch::Bytes(size_t size) {
  size = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (pieces_.empty() || used_ + size > pieces_.back().size) {
    const size_t piece = std::max(size, kLeast);
    void* p = std::aligned_alloc(kAlignment, piece);
    TORCH_CHECK(p != nullptr, "out of memory: ", piece, " bytes of scratch for a fused operation");
    pieces_.push_back({std::unique_ptr<char, Free>(static_cast<char*>(p)), piece});
    total_ += piece;
    used_ = 0;
  }
  void* p = pieces_.back().memory.get() + used_;
  used_ += size;
  return p;
}

}  // namespace pdarts::nn
