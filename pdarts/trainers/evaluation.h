#ifndef PDARTS_TRAINERS_EVALUATION_H_
#define PDARTS_TRAINERS_EVALUATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "c10/core/Device.h"
#include "c10/core/ScalarType.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/trainers/meter.h"

namespace pdarts {

class Network;
class SuperNet;

/// An evaluation keeps so many of its most confident mistakes.
inline constexpr size_t kMostMistakes = 12;

/// An image that a network took for another class than its own.
struct ConfidentMistake {
  int64_t image = 0;       ///< its index in the source
  int64_t guess = 0;       ///< the class that it was taken for
  double probability = 0;  ///< that the network gave that class, in [0, 1]
  at::Tensor pixels;       ///< `[C,H,W]` uint8 on the CPU: what the network saw (Loader::Pixels)
};

/// How a network classifies images.
struct Evaluation {
  Accuracy accuracy;
  /// `[N]` int64 on the CPU: the class that each image of the source was taken for; -1 for an image
  /// that was not measured.
  at::Tensor guesses;
  /// The most probable guesses of all that are wrong, at most kMostMistakes, in falling order.
  std::vector<ConfidentMistake> mistakes;
  int64_t skipped_images = 0;  ///< that can't be read
};

/// How many images of each of `classes` classes were taken for their own class. labels: `[N]` int64
/// on the CPU, each in [0, classes). guesses: Evaluation::guesses.
std::vector<int64_t> CountRight(const at::Tensor& labels, const at::Tensor& guesses, int classes);

/// For each true class, how many of its images were taken for each class: `[class][guess]`. Images
/// that were not measured do not count. Holds what occurs only, as a matrix of 20,000 classes would
/// take gigabytes. labels, guesses: as CountRight.
std::vector<std::map<int64_t, int64_t>> CountGuesses(const at::Tensor& labels,
                                                     const at::Tensor& guesses, size_t classes);

/// \error kInvalidArgument if there are no images to measure on.
absl::Status CheckMeasurable(const DatasetSplits& data);

/// Batches of the first `images` images of a source, in their order, to measure a network on.
/// loading: how they are read if they do not lie in memory. dtype: of the network's parameters.
/// communicator: the processes that measure the network together, each on its share of the images.
/// \error as Loader::Create.
absl::StatusOr<std::unique_ptr<Loader>> MakeEvaluationLoader(
    std::shared_ptr<const SampleSource> source, int64_t images, const Transforms& transforms,
    const DatasetInfo& info, int64_t batch_size, const LoadingSettings& loading,
    at::ScalarType dtype = at::kFloat, Communicator& communicator = SingleProcess());

/// Measures a network in evaluation mode on one pass of the loader's images; its mode is restored.
/// The network is on `device` already. Where the loader's communicator has several processes, the
/// call is collective, and each process returns what all of them measured together.
/// \error kInternal if the loss is not finite, as then the accuracy means nothing; as Loader::Next;
/// kCancelled if `stop`, asked before every batch, says so: the same on all processes.
absl::StatusOr<Evaluation> Evaluate(Network& network, Loader& loader, c10::Device device,
                                    const std::function<bool()>& stop = {});

/// The same for a super-network. A loss that is not finite is no error here, as only the search can
/// say where it came about.
absl::StatusOr<Evaluation> Evaluate(SuperNet& net, Loader& loader, c10::Device device,
                                    const std::function<bool()>& stop = {});

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_EVALUATION_H_
