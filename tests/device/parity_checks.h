#ifndef PDARTS_TESTS_DEVICE_PARITY_CHECKS_H_
#define PDARTS_TESTS_DEVICE_PARITY_CHECKS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "c10/core/Device.h"

namespace pdarts::parity {

/// Collects the relative differences between tensors of a device and the expected tensors.
class Comparison {
 public:
  /// Adds the relative difference max|actual - expected| / max|expected|. It is infinite if the
  /// shapes differ, a number is not finite, or `actual` is undefined.
  /// \param least_scale minimum of the denominator.
  void Add(absl::string_view what, const at::Tensor& actual, const at::Tensor& expected,
           double least_scale = 0);
  /// Adds each expected tensor by its name, with the prefix `what`. The difference of a missing
  /// tensor is infinite. A gradient that is zero in exact arithmetic is rounding noise, so the
  /// denominator is at least `share` of the largest number of all expected tensors.
  void AddAll(absl::string_view what, const std::map<std::string, at::Tensor>& actual,
              const std::map<std::string, at::Tensor>& expected, double share = 0);

  int64_t compared() const { return compared_; }
  double largest() const { return largest_; }
  /// The tensor with the largest relative difference.
  const std::string& where() const { return where_; }

 private:
  int64_t compared_ = 0;
  double largest_ = 0;
  std::string where_;
};

/// Computes something on a device, and compares it with fixtures or with the CPU.
struct ParityCheck {
  std::string name;  ///< "fixture/pdarts_supernet_stage1/float64/fused"
  double tolerance = 0;
  std::function<absl::Status(Comparison*)> run;
  /// Whether the tests of //... run the check. They omit most of the networks.
  bool is_quick = true;
};

struct CheckResult {
  std::string name;
  double tolerance = 0;
  int64_t compared = 0;  ///< tensors
  double deviation = 0;  ///< the largest; infinite as Comparison says
  std::string where;     ///< the tensor that deviates most
  double seconds = 0;
  std::string error;  ///< what went wrong instead; empty if nothing did

  /// Whether something was compared, and no difference exceeds the tolerance.
  bool passed() const { return error.empty() && compared > 0 && deviation <= tolerance; }
};

/// All checks for a device, the quick ones first. A device of kind "cpu" is compared with itself,
/// and with other kernels.
///
/// - operation/...: each operation of both search spaces, with gradients, in float64 and float32
/// - batches/...: augmented batches that are made for the device
/// - steps/...: whole search steps with dropout and drop path; also steps that a CUDA device
/// repeats
///   from a recording, against steps without a recording
/// - fixture/...: networks against the fixtures of tests/parity: in float64 to 1e-9 with gradients,
///   in float32 and bfloat16 losses and logits
std::vector<ParityCheck> ParityChecks(c10::Device device);

/// Runs a check. Its exceptions and errors become the error of the result.
CheckResult RunCheck(const ParityCheck& check);

/// The result as one line of JSON, without the end of the line. A number that is not finite is
/// null.
std::string JsonLine(const CheckResult& result);

}  // namespace pdarts::parity

#endif  // PDARTS_TESTS_DEVICE_PARITY_CHECKS_H_
