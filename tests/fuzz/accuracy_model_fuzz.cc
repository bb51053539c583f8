// Input: models of the accuracies of DARTS architectures.

#include <cmath>
#include <cstdint>

#include "glog/logging.h"
#include "pdarts/benchmarks/nasbench301/model.h"
#include "pdarts/spaces/darts/genotype.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using pdarts::nasbench301::Prediction;
  const auto model =
      pdarts::nasbench301::ReadModel({reinterpret_cast<const char*>(data), size}, "model");
  if (!model.ok()) return 0;
  // An accepted model predicts numbers.
  for (const auto& known : pdarts::darts::KnownGenotypes()) {
    const Prediction prediction =
        pdarts::nasbench301::Predict(*model, pdarts::darts::ParseGenotype(known.second).value());
    CHECK(std::isfinite(prediction.accuracy));
    CHECK(std::isfinite(prediction.leverage));
    CHECK(prediction.low <= prediction.high);
    CHECK(prediction.percentile >= 0 && prediction.percentile <= 100);
  }
  return 0;
}
