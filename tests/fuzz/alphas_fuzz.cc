// Input: alphas of another program, as a NumPy file or a text.

#include <cstdint>
#include <string>

#include "glog/logging.h"
#include "pdarts/cli/alphas_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pdarts::Topology topology;
  topology.kinds.push_back({"normal", {{0, 1}, {0, 2}}, {"none", "skip_connect"}});
  topology.kinds.push_back({"reduce", {{0, 1}}, {"none", "skip_connect"}});
  const pdarts::Candidates candidates = pdarts::AllCandidates(topology);
  const auto alphas =
      pdarts::ReadAlphas(topology, candidates, {reinterpret_cast<const char*>(data), size});
  if (!alphas.ok()) return 0;
  const absl::Status fits = pdarts::CheckProbabilities(candidates, alphas->probabilities);
  CHECK(fits.ok()) << fits;
  return 0;
}
