// Compares the time of a mixed cell in each pass with the minimum time of this machine: the time
// that its bytes take through main memory, and the time of its multiply-adds in the processor.
// docs/performance.md explains the columns.
//
//   bazel run //benchmarks:roofline -- --space=darts --channels=16 --side=32 --batch=32

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/randn_like.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "benchmarks/benchmark_program.h"
#include "benchmarks/cell_work.h"
#include "benchmarks/flag_checks.h"
#include "benchmarks/machine_speed.h"
#include "benchmarks/sample_cell.h"
#include "benchmarks/step_timing.h"
#include "pdarts/base/json.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/backend.h"
#include "pdarts/nn/kernels/memory.h"
#include "pdarts/nn/kernels/mixed_cell.h"
#include "torch/csrc/autograd/autograd.h"

ABSL_FLAG(std::string, space, "darts", "darts or nasbench201: whose cell");
ABSL_FLAG(int, channels, 16, "channels of each node");
ABSL_FLAG(int, side, 32, "side of the images, in pixels");
ABSL_FLAG(int, batch, 32, "images");
ABSL_FLAG(int, threads, 2, "threads of the cell, and of the machine's second measurement");
ABSL_FLAG(std::string, precision, "both", "float32, bfloat16 or both");
ABSL_FLAG(int, repeats, 9, "how often each pass is timed; the median counts");
ABSL_FLAG(int, megabytes, 0,
          "of each of the two arrays that measure the memory; 0: four times the last-level cache, "
          "and at least 256");
ABSL_FLAG(bool, json, false, "print one JSON object");

namespace pdarts {
namespace {

using nn::CellWork;
using nn::PassWork;
using nn::SampleCell;

/// One pass of one cell.
struct Row {
  std::string precision;
  std::string operation;  ///< "all": every operation on every edge
  std::string pass;       ///< "forward", "weights", "alphas"
  double seconds = 0;
  PassWork work;

  // From the speed of the machine.
  double memory_seconds = 0;
  double compute_seconds = 0;
  double bound() const { return std::max(memory_seconds, compute_seconds); }
  double share() const { return bound() / seconds; }
};

struct PassSeconds {
  double forward = 0, weights = 0, alphas = 0;
};

PassSeconds TimeCell(const Backend& backend, SampleCell& cell) {
  std::vector<double> forward, backward;
  PassSeconds seconds;
  at::Tensor gradient;
  for (const bool of_weights : {true, false}) {
    std::vector<at::Tensor> wanted;
    const auto want = [&](at::Tensor& tensor, bool wants) {
      tensor.set_requires_grad(wants);
      if (wants) wanted.push_back(tensor);
    };
    for (at::Tensor& input : cell.inputs) want(input, true);
    for (at::Tensor& weight : cell.weights) want(weight, of_weights);
    want(cell.coefficients, !of_weights);
    backward.clear();
    for (int i = 0; i <= absl::GetFlag(FLAGS_repeats); ++i) {
      const auto begin = std::chrono::steady_clock::now();
      const at::Tensor y = nn::MixedCell(backend, cell.args, cell.inputs, cell.coefficients);
      const auto middle = std::chrono::steady_clock::now();
      if (!gradient.defined()) gradient = at::randn_like(y.detach());
      const auto before_backward = std::chrono::steady_clock::now();
      // A cell of only pools and identities has inputs but no trainable weights.
      torch::autograd::grad({y}, wanted, {gradient});
      const auto end = std::chrono::steady_clock::now();
      if (i == 0) continue;
      forward.push_back(std::chrono::duration<double>(middle - begin).count());
      backward.push_back(std::chrono::duration<double>(end - before_backward).count());
    }
    (of_weights ? seconds.weights : seconds.alphas) = Median(backward);
  }
  seconds.forward = Median(forward);
  return seconds;
}

absl::Status AddRows(const std::string& precision, std::vector<Row>* rows) {
  PDARTS_ASSIGN_OR_RETURN(
      const Backend backend,
      ResolveBackend(FUSED, precision == "bfloat16" ? BFLOAT16 : FLOAT32, c10::kCPU));
  nn::SampleCellShape shape;
  shape.space = absl::GetFlag(FLAGS_space);
  shape.images = absl::GetFlag(FLAGS_batch);
  shape.channels = absl::GetFlag(FLAGS_channels);
  shape.side = absl::GetFlag(FLAGS_side);
  shape.storage = backend.storage;
  PDARTS_ASSIGN_OR_RETURN(const std::vector<std::string> operations,
                          nn::SampleOperations(shape.space));
  std::vector<std::pair<std::string, std::vector<std::string>>> cells = {{"all", operations}};
  for (const std::string& operation : operations) cells.push_back({operation, {operation}});
  for (const auto& [name, chosen] : cells) {
    SampleCell cell = nn::MakeSampleCell(shape, chosen);
    const CellWork work = nn::Count(cell.args, cell.inputs);
    const PassSeconds seconds = TimeCell(backend, cell);
    rows->push_back({precision, name, "forward", seconds.forward, work.forward});
    rows->push_back({precision, name, "weights", seconds.weights, work.weights});
    rows->push_back({precision, name, "alphas", seconds.alphas, work.alphas});
  }
  return absl::OkStatus();
}

void SetBounds(const MachineSpeed& speed, Row* row) {
  const PassWork& work = row->work;
  // The speed of memory was measured in two ways: with separate reads and writes, and with a copy.
  // The faster way counts, so that the time is a lower bound.
  row->memory_seconds = std::min(work.read_bytes / speed.read + work.written_bytes / speed.write,
                                 (work.read_bytes + work.written_bytes) / speed.copy);
  const double matrix_speed = row->precision == "bfloat16"
                                  ? std::max(speed.dot_products, speed.multiply_adds)
                                  : speed.multiply_adds;
  row->compute_seconds = work.matrix / matrix_speed + work.other / speed.multiply_adds;
}

Json JsonOf(const MachineSpeed& s) {
  constexpr int kDigits = 4;
  return Json::Object()
      .Set("threads", Json::Whole(s.threads))
      .Set("read_bytes_per_s", Json::Significant(s.read, kDigits))
      .Set("write_bytes_per_s", Json::Significant(s.write, kDigits))
      .Set("copy_bytes_per_s", Json::Significant(s.copy, kDigits))
      .Set("multiply_adds_per_s", Json::Significant(s.multiply_adds, kDigits))
      .Set("bfloat16_dot_per_s",
           s.dot_products > 0 ? Json::Significant(s.dot_products, kDigits) : Json());
}

Json JsonOf(const Row& r) {
  return Json::Object()
      .Set("precision", Json::Text(r.precision))
      .Set("operation", Json::Text(r.operation))
      .Set("pass", Json::Text(r.pass))
      .Set("seconds", Json::Fixed(r.seconds, 6))
      .Set("read_bytes", Json::Fixed(r.work.read_bytes, 0))
      .Set("written_bytes", Json::Fixed(r.work.written_bytes, 0))
      .Set("matrix_multiply_adds", Json::Fixed(r.work.matrix, 0))
      .Set("other_multiply_adds", Json::Fixed(r.work.other, 0))
      .Set("recomputed_multiply_adds", Json::Fixed(r.work.recomputed, 0))
      .Set("memory_s", Json::Fixed(r.memory_seconds, 6))
      .Set("compute_s", Json::Fixed(r.compute_seconds, 6))
      .Set("bound", Json::Text(r.memory_seconds > r.compute_seconds ? "memory" : "compute"))
      .Set("share", Json::Fixed(r.share(), 3));
}

std::string JsonOf(const std::vector<MachineSpeed>& speeds, const std::vector<Row>& rows) {
  Json machine = Json::List(), passes = Json::List();
  for (const MachineSpeed& speed : speeds) machine.Append(JsonOf(speed));
  for (const Row& row : rows) passes.Append(JsonOf(row));
  const Json measured = Json::Object()
                            .Set("processor", Json::Text(CpuName()))
                            .Set("instructions", Json::Text(WidestInstructionSet()))
                            .Set("machine", std::move(machine))
                            .Set("space", Json::Text(absl::GetFlag(FLAGS_space)))
                            .Set("channels", Json::Whole(absl::GetFlag(FLAGS_channels)))
                            .Set("side", Json::Whole(absl::GetFlag(FLAGS_side)))
                            .Set("batch", Json::Whole(absl::GetFlag(FLAGS_batch)))
                            .Set("threads", Json::Whole(absl::GetFlag(FLAGS_threads)))
                            .Set("passes", std::move(passes));
  return measured.SpacedLine() + "\n";
}

std::string Table(const std::vector<MachineSpeed>& speeds, const std::vector<Row>& rows) {
  std::string text = absl::StrFormat("%s, %s\n%7s %10s %10s %10s %12s %14s\n", CpuName(),
                                     WidestInstructionSet(), "threads", "read GB/s", "write GB/s",
                                     "copy GB/s", "float32 G/s", "bfloat16 G/s");
  for (const MachineSpeed& s : speeds) {
    absl::StrAppendFormat(&text, "%7d %10.1f %10.1f %10.1f %12.1f %14s\n", s.threads, s.read / 1e9,
                          s.write / 1e9, s.copy / 1e9, s.multiply_adds / 1e9,
                          s.dot_products > 0 ? absl::StrFormat("%.1f", s.dot_products / 1e9) : "-");
  }
  absl::StrAppendFormat(&text, "\n%-9s %-14s %-8s %9s %8s %8s %9s %9s %10s %10s %10s %6s\n",
                        "precision", "operation", "pass", "ms", "read MB", "write MB", "matrix G",
                        "other G", "again G", "memory ms", "compute ms", "share");
  for (const Row& r : rows) {
    absl::StrAppendFormat(
        &text, "%-9s %-14s %-8s %9.2f %8.1f %8.1f %9.3f %9.3f %10.3f %10.2f %10.2f %6.2f\n",
        r.precision, r.operation, r.pass, 1e3 * r.seconds, r.work.read_bytes / 1e6,
        r.work.written_bytes / 1e6, r.work.matrix / 1e9, r.work.other / 1e9,
        r.work.recomputed / 1e9, 1e3 * r.memory_seconds, 1e3 * r.compute_seconds, r.share());
  }
  return text;
}

absl::Status CheckFlags() {
  PDARTS_RETURN_IF_ERROR(
      CheckOneOf("precision", absl::GetFlag(FLAGS_precision), {"float32", "bfloat16", "both"}));
  PDARTS_RETURN_IF_ERROR(
      Annotate(nn::SampleOperations(absl::GetFlag(FLAGS_space)).status(), "--space"));
  for (const auto& [flag, value] : {std::pair{"channels", absl::GetFlag(FLAGS_channels)},
                                    {"side", absl::GetFlag(FLAGS_side)},
                                    {"batch", absl::GetFlag(FLAGS_batch)},
                                    {"threads", absl::GetFlag(FLAGS_threads)},
                                    {"repeats", absl::GetFlag(FLAGS_repeats)}}) {
    PDARTS_RETURN_IF_ERROR(CheckAtLeast(flag, value, 1));
  }
  return CheckAtLeast("megabytes", absl::GetFlag(FLAGS_megabytes), 0);
}

absl::Status Run() {
  PDARTS_RETURN_IF_ERROR(CheckFlags());
  const int threads = absl::GetFlag(FLAGS_threads);
  int64_t bytes = UncachedBytes();
  if (absl::GetFlag(FLAGS_megabytes) > 0) bytes = int64_t{1000000} * absl::GetFlag(FLAGS_megabytes);
  const auto measure = [&] {
    std::vector<MachineSpeed> speeds = {MeasureMachine(1, bytes)};
    if (threads > 1) speeds.push_back(MeasureMachine(threads, bytes));
    return speeds;
  };
  // The machine is measured before and after the cells, and the better measurement counts, so that
  // a short disturbance of one of them does not weaken the bounds.
  std::vector<MachineSpeed> speeds = measure();
  at::set_num_threads(threads);
  std::vector<Row> rows;
  for (const char* precision : {"float32", "bfloat16"}) {
    const std::string wanted = absl::GetFlag(FLAGS_precision);
    if (wanted == "both" || wanted == precision) PDARTS_RETURN_IF_ERROR(AddRows(precision, &rows));
  }
  const std::vector<MachineSpeed> after = measure();
  for (size_t i = 0; i < speeds.size(); ++i) speeds[i] = BestOf(speeds[i], after[i]);
  for (Row& row : rows) SetBounds(speeds.back(), &row);
  std::cout << (absl::GetFlag(FLAGS_json) ? JsonOf(speeds, rows) : Table(speeds, rows));
  return absl::OkStatus();
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  pdarts::nn::KeepFreedMemory();  // as in every program that searches
  return pdarts::RunBenchmark(
      argc, argv, "Compares a mixed cell's time with this machine's bounds.", &pdarts::Run);
}
