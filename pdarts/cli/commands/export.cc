#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/cli/trained_network_flags.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/libtorch_errors.h"
#include "pdarts/datasets/transforms/transforms.h"
#include "pdarts/export/exported_model.h"
#include "pdarts/export/onnx_model.h"
#include "pdarts/export/python_module.h"
#include "pdarts/sessions/build_info.h"

ABSL_FLAG(std::string, format, "onnx",
          "onnx|pytorch: an ONNX file for a runtime, or a Python program that needs torch alone");
ABSL_FLAG(bool, normalize, true,
          "make normalization of the images part of the network, whose input is pixels in [0, 1] "
          "then; --nonormalize: the program that runs it normalizes");
ABSL_FLAG(bool, softmax, false, "make the ONNX file give probabilities instead of logits");

namespace pdarts {
namespace {

constexpr char kOnnx[] = "onnx";
constexpr char kPyTorch[] = "pytorch";

/// The value of --format, if the other flags fit it.
absl::StatusOr<std::string> FormatFromFlags() {
  std::string format = absl::GetFlag(FLAGS_format);
  if (format != kOnnx && format != kPyTorch) {
    return absl::InvalidArgumentError(
        absl::StrCat("--format: is \"", format, "\", expected onnx or pytorch"));
  }
  if (format == kPyTorch && (absl::GetFlag(FLAGS_softmax) || !absl::GetFlag(FLAGS_normalize))) {
    return absl::InvalidArgumentError(
        "--softmax and --nonormalize change an ONNX file; --format=pytorch writes a program, which "
        "can be changed itself");
  }
  return format;
}

/// The value of --output. Without the flag, it is the file of this format in the run.
absl::StatusOr<std::string> OutputFromFlags(const std::string& format) {
  if (const std::string output = absl::GetFlag(FLAGS_output); !output.empty()) {
    return UserPath(output);
  }
  const std::string run = absl::GetFlag(FLAGS_run);
  if (run.empty()) {
    return absl::InvalidArgumentError(
        "--output is missing: the file to write; it has a default only with --run");
  }
  return (std::filesystem::path(UserPath(run)) / (format == kOnnx ? "model.onnx" : "model.py"))
      .string();
}

/// Describes what `evaluate` does to an image before the network gets it. `transforms` are those of
/// `evaluate`.
absl::Status DescribeImages(const Transforms& transforms, const DatasetInfo& info,
                            ExportedModel* model) {
  PDARTS_ASSIGN_OR_RETURN(Transforms::Normalization normalization,
                          transforms.FindNormalization(info));
  model->mean = std::move(normalization.mean);
  model->deviation = std::move(normalization.deviation);
  // The scale of an image that is twice too wide for the proportions of the network. The scale is
  // so large that rounding to whole pixels makes no difference.
  constexpr int64_t kScale = 10000;
  const int64_t height = kScale * info.image.height, width = 2 * kScale * info.image.width;
  PDARTS_ASSIGN_OR_RETURN(const PixelRegion region, transforms.FindRegion(info, height, width));
  model->preparation.stretches = region.height == height && region.width == width;
  model->preparation.border =
      (1 - static_cast<double>(region.height) / static_cast<double>(height)) / 2;
  return absl::OkStatus();
}

absl::StatusOr<ExportedModel> DescribeExport(const TrainedWeights& weights,
                                             const TrainedNetwork& trained) {
  PDARTS_ASSIGN_OR_RETURN(const DatasetInfo info, TrainedInfo(weights, *trained.training.dataset,
                                                              SessionOptionsFromFlags()));
  ExportedModel model;
  if (weights.model) {
    model.name = weights.model->name();
  } else if (!absl::GetFlag(FLAGS_run).empty()) {
    model.name = weights.spec.name();
  }
  model.search_space = trained.training.space->name();
  PDARTS_ASSIGN_OR_RETURN(model.genotype,
                          trained.training.space->Format(trained.training.architecture));
  model.image = trained.shape.image;
  model.classes = trained.shape.classes;
  model.class_names = info.class_names;
  PDARTS_ASSIGN_OR_RETURN(const Transforms transforms,
                          Transforms::ForEvaluation(trained.training.spec.train(), info));
  PDARTS_RETURN_IF_ERROR(DescribeImages(transforms, info, &model));
  model.weights_file = std::filesystem::path(weights.file).filename().string();
  model.version = BuildVersion();
  return model;
}

absl::Status Export(const std::vector<std::string>&) {
  PDARTS_ASSIGN_OR_RETURN(const std::string format, FormatFromFlags());
  PDARTS_ASSIGN_OR_RETURN(const TrainedWeights weights, TrainedWeightsFromFlags("export"));
  PDARTS_ASSIGN_OR_RETURN(const std::string output, OutputFromFlags(format));
  PDARTS_ASSIGN_OR_RETURN(const TrainedNetwork trained, TrainedNetworkFromFlags(weights));
  PDARTS_ASSIGN_OR_RETURN(const ExportedModel model, DescribeExport(weights, trained));
  PDARTS_ASSIGN_OR_RETURN(const NetworkGraph graph, trained.network->Describe());
  OnnxOptions options;
  options.normalize = absl::GetFlag(FLAGS_normalize);
  options.softmax = absl::GetFlag(FLAGS_softmax);
  PDARTS_ASSIGN_OR_RETURN(
      const std::string content, CatchLibTorchErrors([&]() -> absl::StatusOr<std::string> {
        return format == kOnnx ? EncodeOnnx(graph, model, options) : PythonModule(graph, model);
      }));
  PDARTS_RETURN_IF_ERROR(WriteFileAtomically(output, content));
  std::cout << output << ": " << content.size() << " bytes\n";
  return absl::OkStatus();
}

}  // namespace

Command ExportCommand() {
  std::vector<std::string> flags = TrainedNetworkFlags();
  for (const char* flag : {"format", "output", "normalize", "softmax"}) flags.push_back(flag);
  return {
      "export",
      "--run=DIR | --model=FILE --output=FILE",
      "write a trained network as ONNX or as a Python program",
      flags,
      &Export,
      /*takes_arguments=*/false,
      {{"--run=runs/train_quickstart-seed1", "model.onnx in the run, for a runtime"},
       {"--run=runs/train_quickstart-seed1 --format=pytorch",
        "model.py in the run, to use or to train further with torch"}},
      {{"output", "FILE: file to write (default: model.onnx or model.py in the run of --run)"}}};
}

}  // namespace pdarts
