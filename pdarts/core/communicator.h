#ifndef PDARTS_CORE_COMMUNICATOR_H_
#define PDARTS_CORE_COMMUNICATOR_H_

#include <cstdint>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace pdarts {

/// Numbers of the sums that a communicator has computed so far, on this process.
struct CommunicatorCounts {
  int64_t all_reduces = 0;  ///< number of summed buffers
  int64_t bytes = 0;        ///< in these buffers
};

/// Positions [begin, end) of a list.
struct PositionRange {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return end - begin; }
};

/// Connects the processes that compute one run together. Each process has a rank in [0, size).
///
/// All calls other than rank, size, Share and counts are collective: all processes make the same
/// calls in the same order, and a call returns when all processes have made it. Thread-compatible.
/// With a size of one, each call returns at once.
///
/// Each collective call returns kUnavailable if another process has ended; the message names that
/// process. The communicator is of no use after an error.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// The part of `count` items that this process computes: [rank*count/size, (rank+1)*count/size).
  /// The shares of two processes differ by at most one item. Some shares are empty if `count` is
  /// less than the number of processes.
  PositionRange Share(int64_t count) const { return Share(count, rank()); }
  /// The part of `count` items that process `rank` computes.
  PositionRange Share(int64_t count, int rank) const;

  /// Replaces each tensor by its sum over all processes. The sums have the same bits on every
  /// process. Tensors of one type travel together in one flat buffer.
  /// \param tensors have the same number, shapes, and types (a floating-point type or int64) on
  ///     every process, any strides, and lie on one device. Types of 16 bits are summed as
  ///     float32.
  absl::Status AllReduce(absl::Span<const at::Tensor> tensors);

  /// Replaces each tensor by the tensor of process `root`. The rules for the tensors are those of
  /// AllReduce, but any type is allowed.
  absl::Status Broadcast(absl::Span<const at::Tensor> tensors, int root);

  /// Returns the text of process `root`. The texts of the other processes are ignored.
  absl::StatusOr<std::string> BroadcastText(std::string text, int root);

  /// Waits until all processes have called it.
  absl::Status Barrier();

  /// Returns whether `flag` is true on at least one process.
  absl::StatusOr<bool> AnyTrue(bool flag);

  /// Counts each buffer that AllReduce and AnyTrue have summed.
  CommunicatorCounts counts() const { return counts_; }

 private:
  /// The Do... methods are called only if the size is above one. DoAllReduce sums `buffer` over all
  /// processes, in place: [n] with n > 0, contiguous, of type float32, float64 or int64.
  virtual absl::Status DoAllReduce(const at::Tensor& buffer) = 0;
  /// Replaces the bytes of `buffer` by the bytes of process `root`: [n] with n > 0, contiguous, of
  /// any type.
  virtual absl::Status DoBroadcast(const at::Tensor& buffer, int root) = 0;
  virtual absl::Status DoBarrier() = 0;

  absl::Status CountedAllReduce(const at::Tensor& buffer);

  CommunicatorCounts counts_;
};

/// The communicator of a process that computes a run alone: rank 0, size one. Its calls do nothing,
/// and any number of threads may make them.
Communicator& SingleProcess();

/// Sets `sum` to the sum of `parts`, added in their order, so that the result has the same bits on
/// every process that adds the same parts.
/// \param sum and the parts: [n], contiguous, of one type.
void SumInOrder(absl::Span<const at::Tensor> parts, const at::Tensor& sum);

}  // namespace pdarts

#endif  // PDARTS_CORE_COMMUNICATOR_H_
