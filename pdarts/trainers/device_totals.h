#ifndef PDARTS_TRAINERS_DEVICE_TOTALS_H_
#define PDARTS_TRAINERS_DEVICE_TOTALS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "c10/core/Device.h"
#include "pdarts/trainers/data_parallel.h"
#include "pdarts/trainers/meter.h"

namespace pdarts {

/// The totals of the training steps of an epoch in the memory of a device: sums for meters, and
/// whether a number was not finite. Steps add to them without waiting for the device, and the host
/// reads them rarely. They are one tensor, so that reading is one copy.
///
/// After a checked number was not finite, stop() is 1, and optimizers that get stop() change
/// nothing. So the weights stay as they were in the step with the failure, until the host reads the
/// totals.
///
/// Check and Add compute only on the device, at fixed addresses, so that a CUDA graph may contain
/// them.
class DeviceTotals {
 public:
  /// \param meters number of meters.
  /// \param checks number of places in a step that check numbers.
  DeviceTotals(c10::Device device, int meters, int checks);

  /// A float32 scalar on the device: 0, or 1 if a checked number was not finite.
  const at::Tensor& stop() const { return stop_; }

  /// Checks floating-point numbers of the same type, at the place `check` of a step. The numbers do
  /// not change.
  void Check(int check, const std::vector<at::Tensor>& numbers);

  /// Adds the pass of a batch to the sums of a meter, as Meter::AddHits does. labels: of the
  /// logits.
  void Add(int meter, const PassScore& score, const at::Tensor& labels);

  /// The sums of a meter over images, for Restart and Read.
  struct Sums {
    double loss = 0;
    double top1 = 0;
    double top5 = 0;
  };
  /// Begins an epoch, or continues one. sums: the previous sums of each meter; empty: nothing was
  /// added.
  void Restart(const std::vector<Sums>& sums = {});

  /// A check that found a number that is not finite.
  struct Failure {
    int check = 0;
    /// The number of checks at this place since the failure, including the failing one.
    int64_t checks_since = 0;
  };
  struct Reading {
    std::vector<Sums> sums;  ///< of each meter, since Restart
    /// The first check that failed. order: as in Read.
    std::optional<Failure> failure;
  };
  /// Copies the totals to the host, which waits for the device.
  /// \param order the places of checks in the order of a step. A missing place makes no checks in
  ///     this epoch.
  Reading Read(const std::vector<int>& order) const;

 private:
  const int meters_, checks_;
  at::Tensor totals_;  ///< float64: three sums of each meter, and what each place has counted
  std::vector<at::Tensor> sums_;    ///< views of totals_, `[3]` for each meter
  std::vector<at::Tensor> counts_;  ///< views of totals_, one scalar for each place
  at::Tensor stop_;
  at::Tensor one_;  ///< a factor that changes nothing
};

/// The sums of a meter.
DeviceTotals::Sums SumsOf(const Meter& meter);
/// Sets the sums of a meter.
void SetSums(const DeviceTotals::Sums& sums, Meter* meter);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_DEVICE_TOTALS_H_
