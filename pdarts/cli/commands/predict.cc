#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/isfinite.h"
#include "ATen/ops/softmax.h"
#include "ATen/ops/topk.h"
#include "absl/cleanup/cleanup.h"
#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "c10/core/GradMode.h"
#include "pdarts/base/csv.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/cli/trained_network_flags.h"
#include "pdarts/core/forward_context.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/core/masks.h"
#include "pdarts/core/network.h"
#include "pdarts/datasets/loader/loader.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/sessions/image_files.h"

ABSL_DECLARE_FLAG(bool, csv);

namespace pdarts {
namespace {

constexpr int64_t kShownClasses = 5;
constexpr int64_t kChannels = 3;  // of the images in the files

/// The maximum width of the column of files in a table.
constexpr size_t kWidestFile = 60;

/// Writes the predictions one after the other.
class Output {
 public:
  virtual ~Output() = default;
  virtual void Add(const ImagePrediction& prediction) = 0;
  virtual void End() {}
};

class JsonOutput : public Output {
 public:
  void Add(const ImagePrediction& prediction) override { list_.Append(prediction); }
  void End() override {
    list_.End();
    std::cout << "\n";
  }

 private:
  JsonListStream list_{"images", &std::cout};
};

class CsvOutput : public Output {
 public:
  CsvOutput() { std::cout << "file,class,probability\n"; }
  void Add(const ImagePrediction& prediction) override {
    for (const PredictedClass& predicted_class : prediction.classes()) {
      std::cout << CsvField(prediction.file()) << "," << CsvField(predicted_class.name()) << ","
                << predicted_class.probability() << "\n";
    }
  }
};

class TableOutput : public Output {
 public:
  explicit TableOutput(const std::vector<std::string>& files) {
    for (const std::string& file : files) width_ = std::max(width_, file.size());
    width_ = std::min(width_, kWidestFile);
    Print("file", "probability", "class");
  }
  void Add(const ImagePrediction& prediction) override {
    std::string file = prediction.file();
    for (const PredictedClass& predicted_class : prediction.classes()) {
      Print(file, absl::StrFormat("%.2f%%", 100 * predicted_class.probability()),
            predicted_class.name());
      file.clear();
    }
  }

 private:
  void Print(const std::string& file, const std::string& probability, const std::string& name) {
    std::cout << absl::StrFormat("%-*s  %11s  %s\n", static_cast<int>(width_), file, probability,
                                 name);
  }

  size_t width_ = 4;
};

absl::StatusOr<std::unique_ptr<Output>> OutputFromFlags(const std::vector<std::string>& files) {
  const bool json = absl::GetFlag(FLAGS_json), csv = absl::GetFlag(FLAGS_csv);
  if (json && csv) return absl::InvalidArgumentError("--csv and --json exclude each other");
  if (json) return std::make_unique<JsonOutput>();
  if (csv) return std::make_unique<CsvOutput>();
  return std::make_unique<TableOutput>(files);
}

/// Classifies a batch and writes the predictions. `batch` belongs to the source in which the images
/// of `files` are.
absl::Status PredictBatch(Network& network, const Batch& batch, const DatasetInfo& info,
                          c10::Device device, const std::vector<std::string>& files,
                          Output& output) {
  ForwardContext context;
  context.masks = Masks(MaskKey(), batch.first_image);
  const at::Tensor logits =
      network.Forward(batch.images.to(device), context).logits.to(at::kCPU, at::kDouble);
  const at::Tensor are_finite = logits.isfinite().all(1);
  const auto [probabilities, classes] =
      at::softmax(logits, 1).topk(std::min<int64_t>(kShownClasses, logits.size(1)), 1);
  const auto probability = probabilities.accessor<double, 2>();
  const auto label = classes.accessor<int64_t, 2>();
  const auto is_finite = are_finite.accessor<bool, 1>();
  const auto index = batch.indices.accessor<int64_t, 1>();
  for (int64_t i = 0; i < index.size(0); ++i) {
    if (!is_finite[i]) {
      return absl::InternalError(
          absl::StrCat(files[index[i]], ": the network's outputs are not finite numbers"));
    }
    ImagePrediction prediction;
    prediction.set_file(files[index[i]]);
    for (int64_t k = 0; k < label.size(1); ++k) {
      PredictedClass* predicted_class = prediction.add_classes();
      predicted_class->set_name(info.class_names[label[i][k]]);
      predicted_class->set_probability(probability[i][k]);
    }
    output.Add(prediction);
  }
  std::cout << std::flush;
  return absl::OkStatus();
}

/// Appends a sentence for each image in [first, end) of the source that is not in `batch`.
void AddUnreadable(const SampleSource& source, int64_t first, int64_t end, const Batch& batch,
                   std::vector<std::string>* unreadable) {
  const int64_t read = batch.indices.defined() ? batch.indices.size(0) : 0;
  int64_t next = 0;
  for (int64_t i = first; i < end; ++i) {
    if (next < read && batch.indices.const_data_ptr<int64_t>()[next] == i) {
      ++next;
      continue;
    }
    const absl::Status status = source.Read({i}).status();  // reading again gives the reason
    unreadable->push_back(status.ok() ? absl::StrCat(source.Name(i), ": could not be read")
                                      : std::string(status.message()));
  }
}

/// Classifies all images of a source, and writes the predictions in the order of the source. Images
/// that cannot be read are left out.
absl::Status PredictAll(Network& network, const std::shared_ptr<const SampleSource>& source,
                        const Transforms& transforms, const DatasetInfo& info,
                        const TrainSettings& settings, c10::Device device,
                        const std::vector<std::string>& files, Output& output) {
  c10::NoGradGuard no_grad;
  network.to(device);
  network.eval();
  LoaderOptions options;
  SetLoading(settings.loading(), &options);
  options.batch_size = settings.evaluation_batch_size();
  options.purpose = "evaluation";
  options.shuffle = false;
  options.skip_unreadable = true;
  const at::ScalarType dtype = network.parameters().front().scalar_type();
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader,
                          Loader::Create(source, at::arange(source->size(), at::kLong), transforms,
                                         info, dtype, std::move(options)));
  std::vector<std::string> unreadable;
  const int64_t batches = loader->batches_per_epoch();
  for (int64_t b = 0; b < batches; ++b) {
    absl::StatusOr<Batch> batch = loader->Next();
    if (absl::IsDataLoss(batch.status()) || absl::IsNotFound(batch.status())) {
      batch = Batch();  // no image of the batch can be read
      loader->Seek(0, b + 1);
    }
    if (!batch.ok()) return batch.status();
    const int64_t first = b * settings.evaluation_batch_size();
    AddUnreadable(*source, first,
                  std::min<int64_t>(first + settings.evaluation_batch_size(), source->size()),
                  *batch, &unreadable);
    if (!batch->images.defined()) continue;
    PDARTS_RETURN_IF_ERROR(PredictBatch(network, *batch, info, device, files, output));
  }
  if (unreadable.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(unreadable.size(), " of ", source->size(),
                                          " images could not be read: ", SomeOf(unreadable, 20)));
}

absl::Status Predict(const std::vector<std::string>& arguments) {
  PDARTS_RETURN_IF_ERROR(SetThreadsFromFlags().status());
  if (arguments.empty()) {
    return absl::InvalidArgumentError("predict needs images: files, or folders that hold some");
  }
  PDARTS_ASSIGN_OR_RETURN(const TrainedWeights weights, TrainedWeightsFromFlags("predict"));
  PDARTS_ASSIGN_OR_RETURN(const TrainedNetwork trained, TrainedNetworkFromFlags(weights));
  const SessionOptions options = SessionOptionsFromFlags();
  PDARTS_ASSIGN_OR_RETURN(const DatasetInfo info,
                          TrainedInfo(weights, *trained.training.dataset, options));
  if (info.image.channels != kChannels) {
    return absl::InvalidArgumentError(absl::StrCat(weights.file, ": the network takes images of ",
                                                   info.image.channels,
                                                   " channels, and image files have ", kChannels));
  }
  if (static_cast<int>(info.class_names.size()) != trained.shape.classes) {
    return absl::InvalidArgumentError(
        absl::StrCat(weights.file, ": the network distinguishes ", trained.shape.classes,
                     " classes, but ", info.class_names.size(), " class names are given"));
  }
  const TrainSettings& settings = trained.training.spec.train();
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms, Transforms::ForEvaluation(settings, info));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                          FindImageFiles(arguments, &std::cerr));
  const std::shared_ptr<const SampleSource> source = MakeFileSource(files);
  PDARTS_RETURN_IF_ERROR(PutOnDevice(trained));
  PDARTS_RETURN_IF_ERROR(
      CheckMemory("the prediction", trained,
                  std::min<int64_t>(settings.evaluation_batch_size(), source->size()), options));
  PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Output> output, OutputFromFlags(files));
  // The output is completed in any case, also after an error.
  const absl::Cleanup end = [&] { output->End(); };
  return CatchLibTorchErrors([&] {
    return PredictAll(*trained.network, source, transforms, info, settings, trained.device, files,
                      *output);
  });
}

}  // namespace

Command PredictCommand() {
  std::vector<std::string> flags = TrainedNetworkFlags();
  for (const char* flag : {"threads", "allow_swap", "csv", "json"}) flags.push_back(flag);
  return {"predict",
          "--run=DIR IMAGE... | --model=FILE IMAGE...",
          "classify images: the most probable classes of each; IMAGE is a file, or a folder that "
          "holds images",
          flags,
          &Predict,
          /*takes_arguments=*/true,
          {{"--run=runs/train_quickstart-seed1 cat.jpg", "the five most probable classes"},
           {"--model=best.safetensors --json photos", "every image in a folder, for a script"}}};
}

}  // namespace pdarts
