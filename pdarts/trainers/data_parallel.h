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

/// How processes train one network together. Each process has the whole network and its share of
/// every batch. What a step needs is summed over all processes, so that every process takes the
/// same step. A process that is alone does nothing of this.
class DataParallel {
 public:
  /// Of a process that is alone.
  DataParallel() : DataParallel(SingleProcess()) {}
  /// \param communicator must outlive this object.
  /// \param synchronize_statistics SearchSettings::synchronize_statistics.
  explicit DataParallel(Communicator& communicator, bool synchronize_statistics = true)
      : communicator_(&communicator), synchronize_statistics_(synchronize_statistics) {}

  bool is_alone() const { return communicator_->size() == 1; }
  /// Whether what is the same on every process counts here, as it may count only once in a sum over
  /// the processes.
  bool counts_once() const { return communicator_->rank() == 0; }

  /// The parts of a batch that go through the network one after the other: Batch::parts, or, of a
  /// batch that this process has alone, parts of at most `largest` images.
  std::vector<BatchPart> Parts(const Batch& batch, int64_t largest) const;

  /// What the mean over this process's images of a part is multiplied by, so that the sum over all
  /// parts and processes is the mean over the batch of `all_images` images: 1 where this process
  /// has the whole batch in one part.
  double Share(const BatchPart& part, int64_t all_images) const;

  /// ForwardContext::communicator for a pass over a part.
  Communicator* OfStatistics(const BatchPart& part) const {
    return part.is_shared && synchronize_statistics_ ? communicator_ : nullptr;
  }

  /// CountHits of this process's images of a part, 0 if they count elsewhere. logits: of these
  /// images.
  at::Tensor Hits(const BatchPart& part, const at::Tensor& logits, const at::Tensor& labels) const;

  /// Sums tensors over all processes, in place, with one all-reduce for all tensors of one type.
  /// Throws CommunicationError.
  void Sum(const std::vector<at::Tensor>& tensors) const;
  /// The same for results of a pass that trained with statistics of each process's own images: the
  /// running statistics among `buffers` become their mean over the processes.
  void SumWithBuffers(std::vector<at::Tensor> tensors,
                      const std::vector<at::Tensor>& buffers) const;

 private:
  Communicator* communicator_;
  bool synchronize_statistics_;
};

/// \error kInvalidArgument, naming `field`, if a batch or a part of `images` images has less than
/// one image for each process.
absl::Status CheckShares(absl::string_view field, int64_t images, const Communicator& communicator);

/// What a pass over a batch says of all of its images, for a meter.
struct PassScore {
  at::Tensor loss;     ///< mean over the batch, scalar, detached
  at::Tensor logits;   ///< `[N,classes]` of this process's images, detached
  at::Tensor hits;     ///< CountHits of all images; undefined where this process has all of them
  int64_t images = 0;  ///< that `hits` counts
};

/// How many images a pass scores. labels: of the logits.
int64_t ScoredImages(const PassScore& score, const at::Tensor& labels);

/// labels: of the logits.
void AddScore(const PassScore& score, const at::Tensor& labels, Meter* meter);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_DATA_PARALLEL_H_
