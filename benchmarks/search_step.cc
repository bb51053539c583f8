// Times the step that searches train with, with the fused kernels and with the plain composition.
// Each variant runs in a process of its own, so that its peak memory is its own.
//
//   bazel run -c opt //benchmarks:search_step -- --cells=5 --candidates=8 --channels=16 --batch=32

#include "pdarts/trainers/search_step.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/randn.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/process.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/nn/kernels/memory.h"

ABSL_FLAG(std::string, space, "darts", "search space");
ABSL_FLAG(int, cells, 5, "cells of the super-network");
ABSL_FLAG(int, candidates, 8,
          "candidates of each edge, or all that there are if they are fewer: a seeded choice");
ABSL_FLAG(int, channels, 16, "initial channels");
ABSL_FLAG(int, batch, 32, "images a step");
ABSL_FLAG(int, steps, 3, "steps that are timed, after one that isn't");
ABSL_FLAG(int, threads, 2, "threads");
ABSL_FLAG(double, skip_dropout, 0, "probability of the skip connections' dropout");
ABSL_FLAG(std::string, kernels, "both", "fused, reference or both");
ABSL_FLAG(bool, json, false, "print one JSON object");
ABSL_FLAG(bool, child, false, "internal: measure in this process");

namespace pdarts {
namespace {

struct Timing {
  double weight_min = 0, weight_median = 0, alpha_min = 0, alpha_median = 0, peak_mb = 0;
  std::string variant;
  double step_median() const { return weight_median + alpha_median; }
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

Candidates SomeCandidates(const SearchSpace& space, int per_edge) {
  Candidates candidates = space.InitialCandidates().value();
  std::mt19937 random(1);
  for (CellCandidates& cell : candidates) {
    for (EdgeCandidates& edge : cell) {
      while (static_cast<int>(edge.size()) > per_edge) {
        edge.erase(edge.begin() + static_cast<int64_t>(random() % edge.size()));
      }
    }
  }
  return candidates;
}

Timing Measure(Kernels kernels) {
  nn::KeepFreedMemory();  // as every program that searches
  at::set_num_threads(absl::GetFlag(FLAGS_threads));
  const auto space = Registry<SearchSpace>::CreateDefault(absl::GetFlag(FLAGS_space)).value();
  SuperNetShape shape;
  shape.cells = absl::GetFlag(FLAGS_cells);
  shape.channels = absl::GetFlag(FLAGS_channels);
  shape.backend = ResolveBackend(kernels, FLOAT32, at::kCPU).value();
  const auto net = space
                       ->BuildSuperNet(SomeCandidates(*space, absl::GetFlag(FLAGS_candidates)),
                                       shape, MakeGenerator(1, "weights"))
                       .value();
  net->InitializeAlphas(1e-3, MakeGenerator(1, "alphas"));
  CHECK(net->SetKnob("skip_connect.dropout", absl::GetFlag(FLAGS_skip_dropout)).ok());
  const SearchSettings settings;
  SearchStep trained(net, settings);
  const int64_t batch = absl::GetFlag(FLAGS_batch);
  const at::Generator data = MakeGenerator(1, "data");
  const Batch images = {at::randn({batch, 3, 32, 32}, data),
                        at::randint(10, {batch}, data, at::kLong)};
  const double learning_rate = settings.weights().learning_rate();

  std::vector<double> of_weights, of_alphas;
  for (int step = 0; step <= absl::GetFlag(FLAGS_steps); ++step) {
    const auto begin = std::chrono::steady_clock::now();
    CHECK(trained.TrainAlphas(images, images, learning_rate).ok());
    const auto middle = std::chrono::steady_clock::now();
    CHECK(trained.TrainWeights(images, learning_rate).ok());
    const auto end = std::chrono::steady_clock::now();
    if (step == 0) continue;
    of_alphas.push_back(std::chrono::duration<double>(middle - begin).count());
    of_weights.push_back(std::chrono::duration<double>(end - middle).count());
  }
  Timing timing;
  timing.weight_min = *std::min_element(of_weights.begin(), of_weights.end());
  timing.alpha_min = *std::min_element(of_alphas.begin(), of_alphas.end());
  timing.weight_median = Median(of_weights);
  timing.alpha_median = Median(of_alphas);
  timing.peak_mb = static_cast<double>(PeakResidentBytes()) / 1e6;
  timing.variant = kernels == FUSED ? InstructionSetName(shape.backend.instructions) : "-";
  return timing;
}

/// Measures in a process of its own: this program again.
Timing MeasureApart(Kernels kernels, const std::vector<std::string>& arguments) {
  int pipe_ends[2];
  PCHECK(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  PCHECK(child >= 0);
  if (child == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    close(pipe_ends[0]);
    std::vector<std::string> words = arguments;
    words.push_back("--child");
    words.push_back(absl::StrCat("--kernels=", absl::AsciiStrToLower(Kernels_Name(kernels))));
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv("/proc/self/exe", argv.data());
    PLOG(FATAL) << "can't run this program again";
  }
  close(pipe_ends[1]);
  std::string text;
  char buffer[256];
  ssize_t got;
  while ((got = read(pipe_ends[0], buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(got));
  }
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << Kernels_Name(kernels) << " failed (out of memory?), status " << status;
  Timing t;
  std::istringstream words(text);
  words >> t.weight_min >> t.weight_median >> t.alpha_min >> t.alpha_median >> t.peak_mb >>
      t.variant;
  CHECK(words) << text;
  return t;
}

std::string Json(const Timing& t) {
  return absl::StrFormat(
      R"({"weight_step_s": %.4f, "alpha_step_s": %.4f, "weight_step_min_s": %.4f, )"
      R"("alpha_step_min_s": %.4f, "images_per_s": %.1f, "peak_rss_mb": %.1f, "variant": "%s"})",
      t.weight_median, t.alpha_median, t.weight_min, t.alpha_min,
      2 * absl::GetFlag(FLAGS_batch) / t.step_median(), t.peak_mb, t.variant);
}

int Main(const std::vector<std::string>& arguments) {
  const std::string kernels = absl::GetFlag(FLAGS_kernels);
  if (absl::GetFlag(FLAGS_child)) {
    const Timing t = Measure(kernels == "fused" ? FUSED : REFERENCE);
    std::printf("%.9f %.9f %.9f %.9f %.3f %s\n", t.weight_min, t.weight_median, t.alpha_min,
                t.alpha_median, t.peak_mb, t.variant.c_str());
    return 0;
  }
  if (kernels != "fused" && kernels != "reference" && kernels != "both") {
    std::cerr << "--kernels=" << kernels << ": expected fused, reference or both\n";
    return 1;
  }
  std::vector<std::pair<Kernels, Timing>> timings;
  for (const Kernels k : {REFERENCE, FUSED}) {
    const std::string name = absl::AsciiStrToLower(Kernels_Name(k));
    if (kernels == "both" || kernels == name) timings.emplace_back(k, MeasureApart(k, arguments));
  }
  double speedup = 0, memory = 0;
  if (timings.size() == 2) {
    speedup = timings[0].second.step_median() / timings[1].second.step_median();
    memory = timings[1].second.peak_mb / timings[0].second.peak_mb;
  }
  if (absl::GetFlag(FLAGS_json)) {
    std::string text = absl::StrFormat(
        R"({"space": "%s", "cells": %d, "candidates": %d, "channels": %d, "batch": %d, "threads": %d)",
        absl::GetFlag(FLAGS_space), absl::GetFlag(FLAGS_cells), absl::GetFlag(FLAGS_candidates),
        absl::GetFlag(FLAGS_channels), absl::GetFlag(FLAGS_batch), absl::GetFlag(FLAGS_threads));
    for (const auto& [k, t] : timings) {
      absl::StrAppend(&text, ", \"", absl::AsciiStrToLower(Kernels_Name(k)), "\": ", Json(t));
    }
    if (timings.size() == 2) {
      absl::StrAppend(
          &text, absl::StrFormat(R"(, "speedup": %.2f, "memory_ratio": %.3f)", speedup, memory));
    }
    std::cout << text << "}\n";
    return 0;
  }
  std::cout << absl::StrFormat("%-10s %-10s %10s %10s %10s %10s %9s %9s\n", "kernels", "variant",
                               "weight s", "min", "alpha s", "min", "images/s", "peak MB");
  for (const auto& [k, t] : timings) {
    std::cout << absl::StrFormat("%-10s %-10s %10.4f %10.4f %10.4f %10.4f %9.1f %9.1f\n",
                                 absl::AsciiStrToLower(Kernels_Name(k)), t.variant, t.weight_median,
                                 t.weight_min, t.alpha_median, t.alpha_min,
                                 2 * absl::GetFlag(FLAGS_batch) / t.step_median(), t.peak_mb);
  }
  if (timings.size() == 2) {
    std::cout << absl::StrFormat("fused: %.2f times as fast, %.3f of the memory\n", speedup,
                                 memory);
  }
  return 0;
}

}  // namespace
}  // namespace pdarts

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  const std::vector<std::string> arguments(argv, argv + argc);
  absl::SetProgramUsageMessage("Times a search step of a search space.");
  absl::ParseCommandLine(argc, argv);
  return pdarts::Main(arguments);
}
