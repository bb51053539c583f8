#include "pdarts/runs/search_decision.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace pdarts {
namespace {

/// The fractions of an even share and of the accuracy by chance that still count as close to it.
constexpr double kCloseToEven = 0.05;
constexpr double kCloseToChance = 0.25;
/// The top-5 accuracy is always 100% for this number of classes and fewer.
constexpr int kClassesWithoutTop5 = 5;

/// How far the accuracy may exceed the accuracy by chance without having a reason: two standard
/// errors of random predictions.
double Luck(double chance, double images) {
  const double p = chance / 100;
  return images > 0 ? 200 * std::sqrt(p * (1 - p) / images) : 0;
}

}  // namespace

double ChanceTop1(int classes) { return 100.0 / std::max(classes, 1); }

void SetProbabilities(const Candidates& candidates, const EdgeProbabilities& probabilities,
                      RunResult* result) {
  double farthest = -1;
  for (size_t k = 0; k < candidates.size(); ++k) {
    // If every edge has one candidate, the probabilities are the shares of the edges of the cell.
    const size_t shares =
        candidates[k][0].size() > 1 ? candidates[k][0].size() : candidates[k].size();
    const double even = 1.0 / static_cast<double>(shares);
    double least = 1, greatest = 0;
    for (const std::vector<double>& edge : probabilities[k]) {
      for (const double p : edge) {
        least = std::min(least, p);
        greatest = std::max(greatest, p);
      }
    }
    const double distance = std::max(greatest - even, even - least) / even;
    if (distance <= farthest) continue;
    farthest = distance;
    result->set_least_probability(least);
    result->set_greatest_probability(greatest);
    result->set_even_share(even);
  }
}

std::string DecidedNothing(const RunResult& result) {
  if (!result.has_even_share() || !result.has_chance_top1() || !result.has_supernet_top1()) {
    return "";
  }
  const double even = result.even_share(), chance = result.chance_top1();
  const bool is_even = result.least_probability() >= (1 - kCloseToEven) * even &&
                       result.greatest_probability() <= (1 + kCloseToEven) * even;
  const bool is_chance =
      result.supernet_top1() <=
      chance + std::max(kCloseToChance * chance, Luck(chance, result.supernet_images()));
  if (!is_even || !is_chance) return "";
  return absl::StrFormat(
      "the search could not tell the candidates apart: all probabilities of the last stage lie "
      "between %.4f and %.4f, where an even share is %.4f, and the super-network's top-1 accuracy "
      "of %.2f%% is close to chance, %.2f%%. Another seed may find quite another architecture. "
      "More "
      "images, more epochs that train alphas, a smaller search.batch_size or a higher "
      "search.alphas.learning_rate help",
      result.least_probability(), result.greatest_probability(), even, result.supernet_top1(),
      chance);
}

bool HasTop5(int classes) { return classes > kClassesWithoutTop5; }

bool HasTop5(const RunResult& result) {
  return !result.has_chance_top1() || result.chance_top1() < ChanceTop1(kClassesWithoutTop5);
}

std::string AccuracyText(double top1, double top5, int classes) {
  std::string text = absl::StrFormat("top-1 %.2f%% (chance %.2f%%)", top1, ChanceTop1(classes));
  if (HasTop5(classes)) absl::StrAppendFormat(&text, ", top-5 %.2f%%", top5);
  return text;
}

}  // namespace pdarts
