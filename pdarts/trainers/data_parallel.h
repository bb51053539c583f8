#ifndef PDARTS_TRAINERS_DATA_PARALLEL_H_
#define PDARTS_TRAINERS_DATA_PARALLEL_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/communicator.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/trainers/meter.h"

namespace pdarts {

/// How processes train one network together. Each process has the complete network and its share of
/// every batch. The gradients and the metrics of a step are summed over all processes, so that
/// every process takes the same step. A process that is alone sums nothing.
class DataParallel {
 public:
  /// For a process that is alone.
  DataParallel() : DataParallel(SingleProcess()) {}
  /// \param communicator must outlive this object.
  /// \param synchronize_statistics SearchSettings::synchronize_statistics.
  explicit DataParallel(Communicator& communicator, bool synchronize_statistics = true)
      : communicator_(&communicator), synchronize_statistics_(synchronize_statistics) {}

  bool is_alone() const { return communicator_->size() == 1; }
  /// Whether this process adds the values that are the same on every process, because a sum over
  /// the processes may contain them only once.
  bool counts_once() const { return communicator_->rank() == 0; }

  /// The parts of a batch that go through the network one after the other: Batch::parts. If this
  /// process has the complete batch, parts of at most `largest` images.
  std::vector<BatchPart> Parts(const Batch& batch, int64_t largest) const;

  /// The factor of the mean over this process's images of a part. With this factor, the sum over
  /// all parts and processes is the mean over the batch of `all_images` images. It is 1 if this
  /// process has the complete batch in one part.
  double Share(const BatchPart& part, int64_t all_images) const;

  /// ForwardContext::communicator for a pass of a part.
  Communicator* OfStatistics(const BatchPart& part) const {
    return part.is_shared && synchronize_statistics_ ? communicator_ : nullptr;
  }

  /// CountHits of this process's images of a part; 0 if another process counts them. logits: of
  /// these images.
  at::Tensor Hits(const BatchPart& part, const at::Tensor& logits, const at::Tensor& labels) const;

  /// Sums tensors over all processes, in place, with one all-reduce for all tensors of the same
  /// type. Throws CommunicationError.
  void Sum(const std::vector<at::Tensor>& tensors) const;
  /// As Sum, for the results of a pass in which each process used the statistics of its own images:
  /// the running statistics among `buffers` become their mean over the processes.
  void SumWithBuffers(std::vector<at::Tensor> tensors,
                      const std::vector<at::Tensor>& buffers) const;

 private:
  Communicator* communicator_;
  bool synchronize_statistics_;
};

/// Puts the gradients into contiguous memory order before processes sum them. LibTorch chooses the
/// memory order of a convolution's gradient by the number of images, which may differ between
/// processes, and a norm adds numbers in memory order. So in one order, all processes get the same
/// bits.
void PutIntoOneOrder(std::vector<at::Tensor>* gradients);

/// \error kInvalidArgument, naming `field`, if a batch or a part of `images` images has less than
/// one image for each process.
absl::Status CheckShares(absl::string_view field, int64_t images, const Communicator& communicator);

/// The score of a pass for all images of a batch, for a meter.
struct PassScore {
  at::Tensor loss;     ///< mean over the batch, scalar, detached
  at::Tensor logits;   ///< `[N,classes]` of this process's images, detached
  at::Tensor hits;     ///< CountHits of all images; undefined if this process has all of them
  int64_t images = 0;  ///< number of images in `hits`
};

/// The number of images that a pass scores. labels: of the logits.
int64_t ScoredImages(const PassScore& score, const at::Tensor& labels);

/// labels: of the logits.
void AddScore(const PassScore& score, const at::Tensor& labels, Meter* meter);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_DATA_PARALLEL_H_
