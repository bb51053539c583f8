#ifndef PDARTS_TESTS_PARITY_REFERENCE_H_
#define PDARTS_TESTS_PARITY_REFERENCE_H_

#include <map>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/core/ivalue.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/topology.h"
#include "torch/nn/module.h"

namespace pdarts::parity {

/// The tolerance of every number, relative to the largest number of its tensor
/// (reference/README.md).
inline constexpr double kTolerance = 1e-9;

/// The path of a reference file. It is in the folder that PDARTS_REFERENCE_DIR names, or in the
/// source tree without this variable.
std::string ReferencePath(absl::string_view name);

using NamedTensors = std::map<std::string, at::Tensor>;

/// A dictionary of a .pt file. Its methods die if a key is missing or has another type.
class Dict {
 public:
  /// Dies if the file cannot be read.
  static Dict Load(absl::string_view name);

  /// Floating-point tensors are converted to float64. A number becomes a scalar tensor.
  at::Tensor GetTensor(const std::string& key) const;
  int64_t GetInt(const std::string& key) const;
  double GetDouble(const std::string& key) const;
  std::string GetString(const std::string& key) const;
  Dict GetDict(const std::string& key) const;
  std::vector<Dict> GetDicts(const std::string& key) const;
  /// Named tensors in either of two forms: a dictionary, or a pack.
  NamedTensors GetNamedTensors(const std::string& key) const;
  /// [[operation, input] x 8] under `key`, as a cell of this cell kind.
  CellArchitecture GetCell(const std::string& key) const;

 private:
  explicit Dict(c10::IValue value);
  const c10::IValue& At(const std::string& key) const;

  c10::IValue value_;
};

/// Reads a JSON file, and a file with a JSON message in each line.
google::protobuf::Struct ReadJson(absl::string_view name);
std::vector<google::protobuf::Struct> ReadJsonLines(absl::string_view name);

/// A field of a JSON object; dies if it is missing.
const google::protobuf::Value& Field(const google::protobuf::Struct& object,
                                     const std::string& name);
/// `[[number]]`.
std::vector<std::vector<double>> Matrix(const google::protobuf::Value& value);
/// `[[operation, input] x 8]` as a cell of this cell kind.
CellArchitecture Cell(const google::protobuf::Value& value, const std::string& kind);
/// Candidates of a cell kind from its switches `[edge][operation]`, each 0 or 1.
CellCandidates FromSwitches(const std::vector<std::vector<double>>& switches);
CellCandidates FromSwitches(const at::Tensor& switches);

/// max|a - b| / max|b|; infinite if the shapes differ or a number is not finite; max|a| if b is
/// zero.
double Deviation(const at::Tensor& a, const at::Tensor& b);

/// Sets all parameters and buffers of a module, in float64. Adds a test failure for every name that
/// only one of the two sides has, and for every shape that differs.
void LoadState(const NamedTensors& state, torch::nn::Module* module);

/// Parameters and buffers by name.
NamedTensors State(const torch::nn::Module& module);

/// Expects that each tensor of the reference is within the tolerance, by name.
void ExpectNear(const NamedTensors& actual, const NamedTensors& reference, absl::string_view what);
void ExpectNear(const at::Tensor& actual, const at::Tensor& reference, absl::string_view what);

}  // namespace pdarts::parity

#endif  // PDARTS_TESTS_PARITY_REFERENCE_H_
