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

/// What every number must agree to, relative to the largest of its tensor (reference/README.md).
inline constexpr double kTolerance = 1e-9;

/// Path of a reference file: in the folder that PDARTS_REFERENCE_DIR names, or else in the tree.
std::string ReferencePath(absl::string_view name);

using NamedTensors = std::map<std::string, at::Tensor>;

/// A dictionary of a .pt file. Its methods die if a key is missing or of another type.
class Dict {
 public:
  /// Dies if the file can't be read.
  static Dict Load(absl::string_view name);

  /// Floating-point tensors become float64; a number is a scalar.
  at::Tensor GetTensor(const std::string& key) const;
  int64_t GetInt(const std::string& key) const;
  double GetDouble(const std::string& key) const;
  std::string GetString(const std::string& key) const;
  Dict GetDict(const std::string& key) const;
  std::vector<Dict> GetDicts(const std::string& key) const;
  /// Named tensors in either of their forms: a dictionary, or a pack.
  NamedTensors GetNamedTensors(const std::string& key) const;
  /// [[operation, input] x 8] under `key`, as a cell of this kind.
  CellArchitecture GetCell(const std::string& key) const;

 private:
  explicit Dict(c10::IValue value);
  const c10::IValue& At(const std::string& key) const;

  c10::IValue value_;
};

/// A JSON file, and one of a message a line.
google::protobuf::Struct ReadJson(absl::string_view name);
std::vector<google::protobuf::Struct> ReadJsonLines(absl::string_view name);

/// A field of a JSON object; dies if it is missing.
const google::protobuf::Value& Field(const google::protobuf::Struct& object,
                                     const std::string& name);
/// `[[number]]`.
std::vector<std::vector<double>> Matrix(const google::protobuf::Value& value);
/// `[[operation, input] x 8]` as a cell of this kind.
CellArchitecture Cell(const google::protobuf::Value& value, const std::string& kind);
/// Candidates of a cell kind from its switches `[edge][operation]`, each 0 or 1.
CellCandidates FromSwitches(const std::vector<std::vector<double>>& switches);
CellCandidates FromSwitches(const at::Tensor& switches);

/// max|a - b| / max|b|; infinite if the shapes differ or a number isn't finite; where b is zero,
/// max|a|.
double Deviation(const at::Tensor& a, const at::Tensor& b);

/// Sets all parameters and buffers of a module in float64. Adds a test failure for every name that
/// only one side has, and for every shape that differs.
void LoadState(const NamedTensors& state, torch::nn::Module* module);

/// Parameters and buffers by name.
NamedTensors State(const torch::nn::Module& module);

/// Expects each of the reference's tensors within the tolerance, by name.
void ExpectNear(const NamedTensors& actual, const NamedTensors& reference, absl::string_view what);
void ExpectNear(const at::Tensor& actual, const at::Tensor& reference, absl::string_view what);

}  // namespace pdarts::parity

#endif  // PDARTS_TESTS_PARITY_REFERENCE_H_
