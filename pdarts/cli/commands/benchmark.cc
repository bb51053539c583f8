#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "c10/core/GradMode.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/commands/reports.pb.h"
#include "pdarts/cli/flags.h"
#include "pdarts/cli/latency.h"
#include "pdarts/cli/network_flags.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/super_net.h"
#include "pdarts/export/exported_model.h"
#include "pdarts/export/onnx_model.h"
#include "pdarts/nn/latency_table.h"
#include "pdarts/nn/macs.h"
#include "pdarts/runs/run_directory.h"
#include "pdarts/trainers/memory_estimate.h"

ABSL_FLAG(std::string, batch, "1,32", "SIZES: batch sizes, with commas between them");
ABSL_FLAG(bool, operations, false,
          "measure every operation of the search space's networks by itself: with --json the table "
          "that the regularizer cost_penalty reads");
ABSL_FLAG(int, runs, 30,
          "NUMBER: passes that are timed for each batch size, after three that are not");

namespace pdarts {
namespace {

constexpr int kLargestBatch = 65536;

absl::StatusOr<std::vector<int>> BatchesFromFlags() {
  std::vector<int> batches;
  const std::string text = absl::GetFlag(FLAGS_batch);
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    int batch = 0;
    if (!absl::SimpleAtoi(word, &batch) || batch < 1 || batch > kLargestBatch) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--batch: \"", word, "\" is not a whole number in [1, ", kLargestBatch, "]"));
    }
    batches.push_back(batch);
  }
  return batches;
}

/// The size of the ONNX file that `export` would write for a network.
absl::StatusOr<double> OnnxBytes(const Network& network, const FlagNetwork& given) {
  PDARTS_ASSIGN_OR_RETURN(const NetworkGraph graph, network.Describe());
  ExportedModel model;
  model.search_space = given.space->name();
  model.image = given.shape.image;
  model.classes = given.shape.classes;
  PDARTS_ASSIGN_OR_RETURN(const std::string file, EncodeOnnx(graph, model, OnnxOptions()));
  return static_cast<double>(file.size());
}

LatencyRow Measure(Network& network, const ImageShape& image, int batch, int runs) {
  const Latency latency = MeasureLatency(network, image, batch, runs);
  LatencyRow row;
  row.set_batch(batch);
  row.set_runs(runs);
  row.set_median_ms(latency.median);
  row.set_p10_ms(latency.p10);
  row.set_p90_ms(latency.p90);
  row.set_images_per_second(1000 * batch / latency.median);
  return row;
}

/// Measures the operations of the networks of --space, instead of one network.
absl::Status BenchmarkOperations(const std::vector<int>& batches, int runs, int threads) {
  for (const std::string& given : {absl::GetFlag(FLAGS_run), absl::GetFlag(FLAGS_genotype)}) {
    if (given.empty()) continue;
    return absl::InvalidArgumentError(
        "--operations: measures all operations of --space, and takes neither --run nor --genotype");
  }
  PDARTS_ASSIGN_OR_RETURN(FlagNetwork given, SpaceAndShapeFromFlags());
  PDARTS_ASSIGN_OR_RETURN(given.shape.backend, ResolveBackend(FUSED, FLOAT32, c10::kCPU));
  LatencyTable table;
  table.set_space(given.space->name());
  table.set_skeleton(given.shape.skeleton);
  table.set_cells(given.shape.cells);
  table.set_channels(given.shape.channels);
  table.set_cpu(CpuName());
  table.set_threads(threads);
  table.set_kernels(BackendName(given.shape.backend));
  c10::NoGradGuard no_grad;
  for (const int batch : batches) {
    PDARTS_RETURN_IF_ERROR(nn::MeasureLatencies(
        *given.space, given.shape, batch,
        [runs](Network& network, const ImageShape& image, int images) {
          return MeasureLatency(network, image, images, runs).median;
        },
        &table));
  }
  if (PrintedAsJson(table)) return absl::OkStatus();
  std::cout << SizeText(given.shape) << "\n"
            << absl::StrFormat("%s, %d threads, %s\n", table.kernels(), threads, table.cpu())
            << absl::StrFormat("%-16s %8s %9s %6s %6s %10s\n", "operation", "channels", "image",
                               "stride", "batch", "median ms");
  for (const OperationLatency& row : table.operations()) {
    std::cout << absl::StrFormat("%-16s %8d %9s %6d %6d %10.4f\n", row.operation(), row.channels(),
                                 absl::StrCat(row.height(), "x", row.width()), row.stride(),
                                 row.batch(), row.median_ms());
  }
  for (const FixedLatency& row : table.fixed()) {
    std::cout << absl::StrFormat("%-16s %8s %9s %6s %6d %10.4f\n", "all else", "", "", "",
                                 row.batch(), row.ms());
  }
  return absl::OkStatus();
}

absl::Status BenchmarkNetwork(const std::vector<std::string>&) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<int> batches, BatchesFromFlags());
  const int runs = absl::GetFlag(FLAGS_runs);
  if (runs < 1) return absl::InvalidArgumentError(absl::StrCat("--runs: ", runs, " is below 1"));
  PDARTS_ASSIGN_OR_RETURN(const int threads, SetThreadsFromFlags());
  if (absl::GetFlag(FLAGS_operations)) return BenchmarkOperations(batches, runs, threads);
  PDARTS_ASSIGN_OR_RETURN(FlagNetwork given, NetworkFromRunOrFlags());
  PDARTS_ASSIGN_OR_RETURN(given.shape.backend, ResolveBackend(FUSED, FLOAT32, c10::kCPU));
  PDARTS_ASSIGN_OR_RETURN(
      const std::shared_ptr<Network> network,
      given.space->BuildNetwork(given.architecture, given.shape, MakeGenerator(1, "weights")));
  c10::NoGradGuard no_grad;
  network->eval();
  LatencyReport report;
  report.set_threads(threads);
  PDARTS_ASSIGN_OR_RETURN(*report.mutable_genotype(), given.space->Format(given.architecture));
  report.set_params(static_cast<double>(CountParameters(*network)));
  report.set_macs(static_cast<double>(nn::CountMacs(*network, given.shape.image)));
  report.set_kernels(BackendName(given.shape.backend));
  report.set_cpu(CpuName());
  report.set_image_height(given.shape.image.height);
  report.set_image_width(given.shape.image.width);
  report.set_cells(given.shape.cells);
  report.set_channels(given.shape.channels);
  PDARTS_ASSIGN_OR_RETURN(
      const MemoryEstimate estimate,
      EstimateEvaluationMemory(
          "the benchmark", "--batch", *network, given.shape.image, given.shape.classes,
          *std::max_element(batches.begin(), batches.end()), MemoryPolicyFromFlags()));
  PDARTS_RETURN_IF_ERROR(estimate.CheckFits());
  const absl::StatusOr<std::shared_ptr<Network>> folded =
      FoldNetwork(*network, given.shape.backend);
  if (folded.ok()) {
    PDARTS_ASSIGN_OR_RETURN(const double bytes, OnnxBytes(*network, given));
    report.set_onnx_bytes(bytes);
  } else if (absl::IsUnimplemented(folded.status())) {
    Tell(
        {absl::StrCat("no latency with folded batch normalizations: ", folded.status().message())});
  } else {
    return folded.status();
  }
  for (int batch : batches) {
    LatencyRow* row = report.add_rows();
    *row = Measure(*network, given.shape.image, batch, runs);
    if (!folded.ok()) continue;
    row->set_folded_median_ms(MeasureLatency(**folded, given.shape.image, batch, runs).median);
  }
  if (PrintedAsJson(report)) return absl::OkStatus();
  std::cout << SizeText(given.shape) << "\n";
  std::cout << absl::StrFormat("%d parameters, %d multiply-adds; %s, %d threads, %s\n",
                               static_cast<int64_t>(report.params()),
                               static_cast<int64_t>(report.macs()), report.kernels(),
                               report.threads(), report.cpu());
  if (report.has_onnx_bytes()) {
    std::cout << absl::StrFormat("exported as ONNX: %.2f MB\n", report.onnx_bytes() / 1e6);
  }
  std::cout << "batch  median ms     10%     90%   images/s  (runs)  folded median ms\n";
  for (const LatencyRow& row : report.rows()) {
    const std::string folded_ms =
        row.has_folded_median_ms() ? absl::StrFormat("%.2f", row.folded_median_ms()) : "-";
    std::cout << absl::StrFormat(
        "%5d  %9.2f %7.2f %7.2f %10.1f  %6s  %16s\n", row.batch(), row.median_ms(), row.p10_ms(),
        row.p90_ms(), row.images_per_second(), absl::StrCat("(", row.runs(), ")"), folded_ms);
  }
  return absl::OkStatus();
}

}  // namespace

Command BenchmarkCommand() {
  std::vector<std::string> flags = NetworkFlags();
  for (const char* flag : {"run", "operations", "batch", "runs", "threads", "allow_swap", "json"})
    flags.push_back(flag);
  return {"benchmark",
          "--run=DIR | --genotype=TEXT|FILE|RUN|NAME | --operations",
          "measure a network's latency on this machine: median and spread, and with folded batch "
          "normalizations",
          flags,
          &BenchmarkNetwork,
          /*takes_arguments=*/false,
          {{"--genotype=PDARTS --batch=1,32", "a published network, for one image and for 32"},
           {"--genotype=runs/quickstart-seed1/genotype.txt --cells=8 --threads=1",
            "a smaller network of the architecture that a search found, on one thread"}}};
}

}  // namespace pdarts
