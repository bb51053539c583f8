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

/// The maximum number of most confident mistakes that an evaluation keeps.
inline constexpr size_t kMostMistakes = 12;

/// An image whose predicted class is not its label.
struct ConfidentMistake {
  int64_t image = 0;  ///< its index in the source
  int64_t predicted_class = 0;
  double probability = 0;  ///< of the predicted class, in [0, 1]
  at::Tensor pixels;       ///< `[C,H,W]` uint8 on the CPU: the network's input (Loader::Pixels)
};

/// How a network classifies images.
struct Evaluation {
  Accuracy accuracy;
  /// `[N]` int64 on the CPU: the predicted class of each image of the source; -1 for an image that
  /// was not measured.
  at::Tensor predicted_classes;
  /// The most confident mistakes, at most kMostMistakes, with descending probabilities.
  std::vector<ConfidentMistake> mistakes;
  int64_t skipped_images = 0;  ///< number of unreadable images
};

/// The number of images of each of `classes` classes whose predicted class is correct. labels:
/// `[N]` int64 on the CPU, each in [0, classes). predicted_classes: Evaluation::predicted_classes.
std::vector<int64_t> CountCorrect(const at::Tensor& labels, const at::Tensor& predicted_classes,
                                  int classes);

/// The confusion matrix: for each label, how many of its images got each predicted class, as
/// `[label][predicted class]`. Images that were not measured are not counted. The result contains
/// only the numbers above 0, because a complete matrix of 20,000 classes would need gigabytes.
/// labels, predicted_classes: as CountCorrect.
std::vector<std::map<int64_t, int64_t>> CountPredictedClasses(const at::Tensor& labels,
                                                              const at::Tensor& predicted_classes,
                                                              size_t classes);

/// \error kInvalidArgument if there are no images to evaluate on.
absl::Status CheckMeasurable(const DatasetSplits& data);

/// Batches of the first `images` images of a source, in their order, for an evaluation. loading:
/// how images that do not lie in memory are read. dtype: of the network's parameters. communicator:
/// the processes that evaluate the network together, each on its share of the images.
/// \error as Loader::Create.
absl::StatusOr<std::unique_ptr<Loader>> MakeEvaluationLoader(
    std::shared_ptr<const SampleSource> source, int64_t images, const Transforms& transforms,
    const DatasetInfo& info, int64_t batch_size, const LoadingSettings& loading,
    at::ScalarType dtype = at::kFloat, Communicator& communicator = SingleProcess());

/// Evaluates a network on all images of a loader, in evaluation mode. The mode of the network is
/// restored. The network is already on `device`. If the loader's communicator has several
/// processes, the call is collective, and each process returns the result of all processes
/// together.
/// \error kInternal if the loss is not finite, because the accuracy then has no meaning; as
/// Loader::Next; kCancelled if `stop`, which is called before every batch, returns true; it must
/// return the same on all processes.
absl::StatusOr<Evaluation> Evaluate(Network& network, Loader& loader, c10::Device device,
                                    const std::function<bool()>& stop = {});

/// As above, for a super-network. A loss that is not finite is not an error here, because only the
/// search can report where it arose.
absl::StatusOr<Evaluation> Evaluate(SuperNet& super_net, Loader& loader, c10::Device device,
                                    const std::function<bool()>& stop = {});

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_EVALUATION_H_
