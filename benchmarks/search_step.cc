// Times the step of a search with the fused kernels and with the reference kernels. Each variant
// runs in a separate process, so that its peak memory can be measured. The variants take turns in
// rounds, so that a temporary slowdown of the machine affects all of them.
//
//   bazel run //benchmarks:search_step -- --cells=5 --candidates=8 --channels=16 --batch=32
//
// To compare with another build, or with the trainer:
//
//   bazel run //benchmarks:search_step -- --kernels=fused --against=OTHER/search_step
//   bazel run //benchmarks:search_step -- --kernels=fused --trainer=bazel-bin/pdarts/cli/pdarts
//
// With several processes, which divide each batch (built with --config=mpi). The program then also
// prints the sizes of the all-reduces:
//
//   mpirun -n 2 bazel-bin/benchmarks/search_step --kernels=fused --precision=float32 --threads=1

#include "pdarts/trainers/search_step.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "benchmarks/benchmark_program.h"
#include "benchmarks/child_output.h"
#include "benchmarks/flag_checks.h"
#include "benchmarks/seeded_candidates.h"
#include "benchmarks/step_timing.h"
#include "benchmarks/trainer_search.h"
#include "pdarts/base/json.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/kernels/memory.h"
#include "pdarts/processes/process_group.h"

ABSL_FLAG(std::string, space, "darts", "search space");
ABSL_FLAG(int, cells, 5, "cells of the super-network");
ABSL_FLAG(int, candidates, 8,
          "candidates of each edge, or all that there are if they are fewer: a seeded choice");
ABSL_FLAG(int, channels, 16, "initial channels");
ABSL_FLAG(int, batch, 32, "images in each step");
ABSL_FLAG(int, steps, 3, "steps that a process times, after one that it does not time");
ABSL_FLAG(
    int, rounds, 3,
    "how often each variant is measured, each time in a new process; the variants take turns, "
    "and ratios are medians of the rounds' ratios");
ABSL_FLAG(int, threads, 2, "threads");
ABSL_FLAG(double, skip_dropout, 0, "probability of the skip connections' dropout");
ABSL_FLAG(std::string, kernels, "both",
          "fused, reference or both; reference is always measured in float32");
ABSL_FLAG(
    std::string, precision, "both",
    "float32, bfloat16 or both: the precision of the fused kernels. --kernels and --precision "
    "choose together among reference, fused (float32) and fused_bfloat16: with "
    "--kernels=both --precision=bfloat16, for example, reference and fused_bfloat16 are "
    "measured");
ABSL_FLAG(std::string, against, "",
          "path of the search_step of another build: its fused kernels in float32 are measured in "
          "the same rounds, as \"against\"");
ABSL_FLAG(std::string, trainer, "",
          "path of the pdarts command: it runs a search on synthetic images with the same "
          "super-network and batch in the same rounds, once for every other variant of this "
          "build; what it logs is compared with what this benchmark measures. For the darts space "
          "without dropout");
ABSL_FLAG(bool, json, false,
          "print one JSON object; variants that were not measured are null there");
ABSL_FLAG(bool, child, false, "internal: measure in this process");

namespace pdarts {
namespace {

/// The part of a batch of random images that this process has.
Batch ShareOfBatch(const Communicator& communicator, int64_t images) {
  const at::Generator data = MakeGenerator(1, "data");
  const at::Tensor pixels = at::randn({images, 3, 32, 32}, data);
  const at::Tensor labels = at::randint(10, {images}, data, at::kLong);
  if (communicator.size() == 1) return {pixels, labels};
  const PositionRange share = communicator.Share(images);
  Batch batch = {pixels.narrow(0, share.begin, share.size()),
                 labels.narrow(0, share.begin, share.size())};
  batch.first_image = share.begin;
  batch.parts.push_back({share.size(), images, share.begin, /*is_shared=*/true});
  return batch;
}

/// Measures in this process, which computes the steps together with the other processes of
/// `communicator`.
absl::StatusOr<StepTiming> Measure(Kernels kernels, Precision precision,
                                   Communicator& communicator) {
  nn::KeepFreedMemory();  // as in every program that searches
  at::set_num_threads(absl::GetFlag(FLAGS_threads));
  PDARTS_ASSIGN_OR_RETURN(const auto space,
                          Registry<SearchSpace>::CreateDefault(absl::GetFlag(FLAGS_space)));
  SuperNetShape shape;
  shape.cells = absl::GetFlag(FLAGS_cells);
  shape.channels = absl::GetFlag(FLAGS_channels);
  PDARTS_ASSIGN_OR_RETURN(shape.backend, ResolveBackend(kernels, precision, c10::kCPU));
  PDARTS_ASSIGN_OR_RETURN(
      const auto super_net,
      space->BuildSuperNet(SeededCandidates(*space, absl::GetFlag(FLAGS_candidates)), shape,
                           MakeGenerator(1, "weights")));
  super_net->InitializeAlphas(1e-3, MakeGenerator(1, "alphas"));
  PDARTS_RETURN_IF_ERROR(
      super_net->SetKnob("skip_connect.dropout", absl::GetFlag(FLAGS_skip_dropout)));
  const SearchSettings settings;
  SearchStep trained(super_net, settings, /*seed=*/0, /*stage=*/0, communicator);
  const Batch images = ShareOfBatch(communicator, absl::GetFlag(FLAGS_batch));
  const double learning_rate = settings.weights().learning_rate();

  std::vector<double> of_weights, of_alphas;
  CommunicatorCounts before;
  for (int step = 0; step <= absl::GetFlag(FLAGS_steps); ++step) {
    const auto begin = std::chrono::steady_clock::now();
    PDARTS_RETURN_IF_ERROR(trained.TrainAlphas(images, images, learning_rate).status());
    const auto middle = std::chrono::steady_clock::now();
    PDARTS_RETURN_IF_ERROR(trained.TrainWeights(images, learning_rate).status());
    const auto end = std::chrono::steady_clock::now();
    if (step == 0) {
      before = communicator.counts();
      continue;
    }
    of_alphas.push_back(std::chrono::duration<double>(middle - begin).count());
    of_weights.push_back(std::chrono::duration<double>(end - middle).count());
  }
  StepTiming timing = SummarizeSteps(of_weights, of_alphas);
  timing.peak_mb = static_cast<double>(PeakResidentBytes()) / 1e6;
  const CommunicatorCounts after = communicator.counts();
  const double steps = absl::GetFlag(FLAGS_steps);
  timing.all_reduces = static_cast<double>(after.all_reduces - before.all_reduces) / steps;
  timing.all_reduce_bytes = static_cast<double>(after.bytes - before.bytes) / steps;
  timing.variant =
      shape.backend.kernels == FUSED ? InstructionSetName(shape.backend.instructions) : "-";
  return timing;
}

/// The flags for a child. Every build of this program knows these flags. Builds without the flag
/// --precision measure float32.
std::vector<std::string> ChildWords(const std::string& kernels) {
  return {"--child",
          "--kernels=" + kernels,
          "--space=" + absl::GetFlag(FLAGS_space),
          absl::StrCat("--cells=", absl::GetFlag(FLAGS_cells)),
          absl::StrCat("--candidates=", absl::GetFlag(FLAGS_candidates)),
          absl::StrCat("--channels=", absl::GetFlag(FLAGS_channels)),
          absl::StrCat("--batch=", absl::GetFlag(FLAGS_batch)),
          absl::StrCat("--steps=", absl::GetFlag(FLAGS_steps)),
          absl::StrCat("--threads=", absl::GetFlag(FLAGS_threads)),
          absl::StrCat("--skip_dropout=", absl::GetFlag(FLAGS_skip_dropout))};
}

absl::StatusOr<StepTiming> MeasureApart(const std::string& program,
                                        const std::vector<std::string>& words) {
  PDARTS_ASSIGN_OR_RETURN(const std::string output, OutputOf(program, words));
  return ParseStepTiming(output);
}

/// A variant is measured once in each round.
struct Variant {
  std::string name;  ///< its key in the JSON output
  std::function<absl::StatusOr<StepTiming>()> measure;
  /// Whether it is a search in the trainer, which gives only the mean time of complete steps.
  bool is_trainer = false;
  std::vector<StepTiming> rounds;

  std::vector<double> Values(const std::function<double(const StepTiming&)>& value) const {
    std::vector<double> values;
    for (const StepTiming& round : rounds) values.push_back(value(round));
    return values;
  }
  double MedianOf(double StepTiming::*member) const {
    return Median(Values([&](const StepTiming& t) { return t.*member; }));
  }
  double MinOf(double StepTiming::*member) const {
    const std::vector<double> values = Values([&](const StepTiming& t) { return t.*member; });
    return *std::min_element(values.begin(), values.end());
  }
  double images_per_s() const {
    const double step = Median(
        Values([&](const StepTiming& t) { return is_trainer ? t.step_mean() : t.step_median(); }));
    return 2 * absl::GetFlag(FLAGS_batch) / step;
  }
};

/// Measures a search in the trainer. Its timing has only the mean time of a step.
absl::StatusOr<StepTiming> MeasureTrainer(const SearchSpace& space, const std::string& kernels,
                                          const std::string& precision) {
  TrainerSearch search;
  search.program = absl::GetFlag(FLAGS_trainer);
  search.kernels = kernels;
  search.precision = precision;
  search.cells = absl::GetFlag(FLAGS_cells);
  search.channels = absl::GetFlag(FLAGS_channels);
  search.candidates = SeededCandidates(space, absl::GetFlag(FLAGS_candidates));
  search.batch = absl::GetFlag(FLAGS_batch);
  search.steps = absl::GetFlag(FLAGS_steps);
  search.threads = absl::GetFlag(FLAGS_threads);
  PDARTS_ASSIGN_OR_RETURN(const TrainerSpeed speed, RunTrainerSearch(space.topology(), search));
  StepTiming timing;
  timing.weight_mean = 2 * search.batch / speed.images_per_second;
  timing.peak_mb = speed.peak_mb;
  return timing;
}

/// The variants that the flags select, in the order of the measurements. `space` must outlive the
/// result.
std::vector<Variant> ChosenVariants(const SearchSpace& space) {
  const std::string kernels = absl::GetFlag(FLAGS_kernels);
  const std::string precision = absl::GetFlag(FLAGS_precision);
  const std::string against = absl::GetFlag(FLAGS_against);
  std::vector<Variant> variants;
  // `kernels` and `precision` are given as in flags and as in a spec.
  const auto add = [&](const std::string& name, const std::string& kernels_flag,
                       const std::string& kernels_field, const std::string& precision_flag,
                       const std::string& precision_field) {
    std::vector<std::string> words = ChildWords(kernels_flag);
    words.push_back("--precision=" + precision_flag);
    Variant variant;
    variant.name = name;
    variant.measure = [words] { return MeasureApart("/proc/self/exe", words); };
    variants.push_back(variant);
    if (absl::GetFlag(FLAGS_trainer).empty()) return;
    variant.name = "trainer_" + name;
    variant.is_trainer = true;
    variant.measure = [&space, kernels_field, precision_field] {
      return MeasureTrainer(space, kernels_field, precision_field);
    };
    variants.push_back(variant);
  };
  if (kernels != "fused") add("reference", "reference", "REFERENCE", "float32", "FLOAT32");
  if (!against.empty()) {
    Variant variant;
    variant.name = "against";
    variant.measure = [against] { return MeasureApart(against, ChildWords("fused")); };
    variants.push_back(variant);
  }
  if (kernels != "reference") {
    if (precision != "bfloat16") add("fused", "fused", "FUSED", "float32", "FLOAT32");
    if (precision != "float32") {
      add("fused_bfloat16", "fused", "FUSED", "bfloat16", "BFLOAT16");
    }
  }
  return variants;
}

/// The comparison of two variants.
struct Comparison {
  std::string name;   ///< "fused/reference"
  PairedRatio speed;  ///< speed of the first, relative to the second
  double memory = 0;  ///< peak memory of the first / peak memory of the second
};

Comparison Compare(const Variant& variant, const Variant& base) {
  // The time of a trainer is a mean, so it is compared with a mean.
  const bool means = variant.is_trainer || base.is_trainer;
  const auto step = [means](const StepTiming& t) {
    return means ? t.step_mean() : t.step_median();
  };
  return {variant.name + "/" + base.name, RatioOf(base.Values(step), variant.Values(step)),
          variant.MedianOf(&StepTiming::peak_mb) / base.MedianOf(&StepTiming::peak_mb)};
}

std::vector<Comparison> Comparisons(const std::vector<Variant>& variants) {
  constexpr std::pair<const char*, const char*> kPairs[] = {
      {"fused", "reference"},        {"fused_bfloat16", "reference"},
      {"fused_bfloat16", "fused"},   {"fused", "against"},
      {"fused_bfloat16", "against"}, {"trainer_reference", "reference"},
      {"trainer_fused", "fused"},    {"trainer_fused_bfloat16", "fused_bfloat16"}};
  std::vector<Comparison> comparisons;
  const auto find = [&](const char* name) {
    return std::find_if(variants.begin(), variants.end(),
                        [&](const Variant& variant) { return variant.name == name; });
  };
  for (const auto& [name, base_name] : kPairs) {
    const auto variant = find(name), base = find(base_name);
    if (variant == variants.end() || base == variants.end()) continue;
    comparisons.push_back(Compare(*variant, *base));
  }
  return comparisons;
}

Json JsonOf(const Variant& v) {
  const Json images_per_s = Json::Fixed(v.images_per_s(), 1);
  const Json peak_rss_mb = Json::Fixed(v.MedianOf(&StepTiming::peak_mb), 1);
  if (v.is_trainer) {
    return Json::Object().Set("images_per_s", images_per_s).Set("peak_rss_mb", peak_rss_mb);
  }
  return Json::Object()
      .Set("weight_step_s", Json::Fixed(v.MedianOf(&StepTiming::weight_median), 4))
      .Set("alpha_step_s", Json::Fixed(v.MedianOf(&StepTiming::alpha_median), 4))
      .Set("weight_step_min_s", Json::Fixed(v.MinOf(&StepTiming::weight_min), 4))
      .Set("alpha_step_min_s", Json::Fixed(v.MinOf(&StepTiming::alpha_min), 4))
      .Set("images_per_s", images_per_s)
      .Set("peak_rss_mb", peak_rss_mb)
      .Set("variant", Json::Text(v.rounds.front().variant));
}

std::string JsonOf(const std::vector<Variant>& variants,
                   const std::vector<Comparison>& comparisons) {
  Json measured = Json::Object();
  measured.Set("space", Json::Text(absl::GetFlag(FLAGS_space)))
      .Set("cells", Json::Whole(absl::GetFlag(FLAGS_cells)))
      .Set("candidates", Json::Whole(absl::GetFlag(FLAGS_candidates)))
      .Set("channels", Json::Whole(absl::GetFlag(FLAGS_channels)))
      .Set("batch", Json::Whole(absl::GetFlag(FLAGS_batch)))
      .Set("threads", Json::Whole(absl::GetFlag(FLAGS_threads)))
      .Set("steps", Json::Whole(absl::GetFlag(FLAGS_steps)))
      .Set("rounds", Json::Whole(absl::GetFlag(FLAGS_rounds)));
  for (const char* name : {"reference", "fused", "fused_bfloat16"}) {
    const bool is_measured = std::any_of(variants.begin(), variants.end(),
                                         [&](const Variant& v) { return v.name == name; });
    if (!is_measured) measured.Set(name, Json());
  }
  for (const Variant& v : variants) measured.Set(v.name, JsonOf(v));
  Json ratios = Json::Object();
  for (const Comparison& c : comparisons) {
    if (c.name == "fused/reference") {
      measured.Set("speedup", Json::Fixed(c.speed.median, 2))
          .Set("memory_ratio", Json::Fixed(c.memory, 3));
    }
    ratios.Set(c.name, Json::Object()
                           .Set("speed", Json::Fixed(c.speed.median, 3))
                           .Set("min", Json::Fixed(c.speed.min, 3))
                           .Set("max", Json::Fixed(c.speed.max, 3))
                           .Set("memory", Json::Fixed(c.memory, 3)));
  }
  measured.Set("ratios", std::move(ratios));
  return measured.SpacedLine() + "\n";
}

std::string Table(const std::vector<Variant>& variants,
                  const std::vector<Comparison>& comparisons) {
  std::string text =
      absl::StrFormat("%-22s %-12s %10s %10s %10s %10s %9s %9s\n", "kernels", "variant", "weight s",
                      "min", "alpha s", "min", "images/s", "peak MB");
  for (const Variant& v : variants) {
    if (v.is_trainer) {
      absl::StrAppendFormat(&text, "%-22s %56s %9.1f %9.1f\n", v.name, "", v.images_per_s(),
                            v.MedianOf(&StepTiming::peak_mb));
      continue;
    }
    absl::StrAppendFormat(&text, "%-22s %-12s %10.4f %10.4f %10.4f %10.4f %9.1f %9.1f\n", v.name,
                          v.rounds.front().variant, v.MedianOf(&StepTiming::weight_median),
                          v.MinOf(&StepTiming::weight_min), v.MedianOf(&StepTiming::alpha_median),
                          v.MinOf(&StepTiming::alpha_min), v.images_per_s(),
                          v.MedianOf(&StepTiming::peak_mb));
  }
  for (const Comparison& c : comparisons) {
    absl::StrAppendFormat(
        &text, "%s: %.3f times as fast (%.3f to %.3f in %d rounds), %.3f of the memory\n", c.name,
        c.speed.median, c.speed.min, c.speed.max, absl::GetFlag(FLAGS_rounds), c.memory);
  }
  return text;
}

absl::Status CheckFlags() {
  PDARTS_RETURN_IF_ERROR(
      CheckOneOf("kernels", absl::GetFlag(FLAGS_kernels), {"fused", "reference", "both"}));
  PDARTS_RETURN_IF_ERROR(
      CheckOneOf("precision", absl::GetFlag(FLAGS_precision), {"float32", "bfloat16", "both"}));
  for (const auto& [flag, value] : {std::pair{"cells", absl::GetFlag(FLAGS_cells)},
                                    {"candidates", absl::GetFlag(FLAGS_candidates)},
                                    {"channels", absl::GetFlag(FLAGS_channels)},
                                    {"batch", absl::GetFlag(FLAGS_batch)},
                                    {"steps", absl::GetFlag(FLAGS_steps)},
                                    {"rounds", absl::GetFlag(FLAGS_rounds)},
                                    {"threads", absl::GetFlag(FLAGS_threads)}}) {
    PDARTS_RETURN_IF_ERROR(CheckAtLeast(flag, value, 1));
  }
  if (!absl::GetFlag(FLAGS_trainer).empty() && absl::GetFlag(FLAGS_space) != "darts") {
    return absl::InvalidArgumentError(
        absl::StrCat("--trainer needs --space=darts, not --space=", absl::GetFlag(FLAGS_space)));
  }
  if (!absl::GetFlag(FLAGS_trainer).empty() && absl::GetFlag(FLAGS_skip_dropout) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--trainer needs --skip_dropout=0, not ", absl::GetFlag(FLAGS_skip_dropout)));
  }
  return absl::OkStatus();
}

/// Measures all rounds and prints the results.
absl::Status MeasureAll() {
  PDARTS_ASSIGN_OR_RETURN(const auto space,
                          Registry<SearchSpace>::CreateDefault(absl::GetFlag(FLAGS_space)));
  std::vector<Variant> variants = ChosenVariants(*space);
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    // Every second round has the reverse order, so that a steady change of the machine's speed
    // cancels out.
    for (size_t i = 0; i < variants.size(); ++i) {
      Variant& variant = variants[round % 2 == 0 ? i : variants.size() - 1 - i];
      const absl::StatusOr<StepTiming> timing = variant.measure();
      PDARTS_RETURN_IF_ERROR(Annotate(timing.status(), variant.name));
      variant.rounds.push_back(*timing);
    }
  }
  const std::vector<Comparison> comparisons = Comparisons(variants);
  std::cout << (absl::GetFlag(FLAGS_json) ? JsonOf(variants, comparisons)
                                          : Table(variants, comparisons));
  return absl::OkStatus();
}

/// Measures the variant of the flags --kernels and --precision, if they name a single one.
absl::StatusOr<StepTiming> MeasureHere(Communicator& communicator) {
  return Measure(absl::GetFlag(FLAGS_kernels) == "reference" ? REFERENCE : FUSED,
                 absl::GetFlag(FLAGS_precision) == "bfloat16" ? BFLOAT16 : FLOAT32, communicator);
}

/// Measures one variant whose steps all processes compute together. Process 0 prints the result.
absl::Status MeasureTogether(Communicator& communicator) {
  if (absl::GetFlag(FLAGS_kernels) == "both" ||
      (absl::GetFlag(FLAGS_kernels) == "fused" && absl::GetFlag(FLAGS_precision) == "both") ||
      !absl::GetFlag(FLAGS_against).empty() || !absl::GetFlag(FLAGS_trainer).empty()) {
    return absl::InvalidArgumentError(
        "several processes measure one variant: --kernels=reference, or --kernels=fused with "
        "--precision=float32 or bfloat16, without --against and --trainer");
  }
  PDARTS_ASSIGN_OR_RETURN(const StepTiming timing, MeasureHere(communicator));
  if (communicator.rank() > 0) return absl::OkStatus();
  const double images = 2 * absl::GetFlag(FLAGS_batch) / timing.step_median();
  if (absl::GetFlag(FLAGS_json)) {
    std::cout << Json::Object()
                     .Set("processes", Json::Whole(communicator.size()))
                     .Set("threads", Json::Whole(absl::GetFlag(FLAGS_threads)))
                     .Set("batch", Json::Whole(absl::GetFlag(FLAGS_batch)))
                     .Set("weight_step_s", Json::Fixed(timing.weight_median, 4))
                     .Set("alpha_step_s", Json::Fixed(timing.alpha_median, 4))
                     .Set("images_per_s", Json::Fixed(images, 1))
                     .Set("peak_rss_mb", Json::Fixed(timing.peak_mb, 1))
                     .Set("all_reduces_per_step", Json::Fixed(timing.all_reduces, 1))
                     .Set("all_reduce_bytes_per_step", Json::Fixed(timing.all_reduce_bytes, 0))
                     .SpacedLine()
              << "\n";
  } else {
    std::cout << absl::StrFormat(
        "%d processes of %d threads: weight step %.3f s, alpha step %.3f s, %.1f images/s; in a "
        "step of both, each process sums %.1f buffers of %.0f bytes together with the others\n",
        communicator.size(), absl::GetFlag(FLAGS_threads), timing.weight_median,
        timing.alpha_median, images, timing.all_reduces, timing.all_reduce_bytes);
  }
  return absl::OkStatus();
}

absl::Status Run() {
  // As in the pdarts command: children inherit the spinning time of threads.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) {
    setenv("GOMP_SPINCOUNT", "20000", /*overwrite=*/0);
  }
  PDARTS_RETURN_IF_ERROR(EnterFolderOfBazelRun());
  PDARTS_RETURN_IF_ERROR(CheckFlags());
  if (!absl::GetFlag(FLAGS_child)) {
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<ProcessGroup> processes,
                            ConnectProcesses("search_step", /*in_several=*/true));
    if (processes->communicator().size() == 1) return MeasureAll();
    const absl::Status status = MeasureTogether(processes->communicator());
    if (status.ok()) return processes->Leave();
    // The message is printed first, because MPI does not let a process leave while mpirun ends its
    // processes.
    std::cerr << status.message() << std::endl;
    processes->LeaveWithError(status.message());
    _exit(1);
  }
  PDARTS_ASSIGN_OR_RETURN(const StepTiming timing, MeasureHere(SingleProcess()));
  std::fputs(FormatStepTiming(timing).c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  return pdarts::RunBenchmark(argc, argv, "Times a search step of a search space.", &pdarts::Run);
}
