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

/// What the training steps of an epoch tell, in the memory of a device: sums for meters, and
/// whether a number was not finite. Steps add to it without waiting for the device, and the host
/// reads it rarely. All of it is one tensor, so that reading is one copy.
///
/// Once a checked number is not finite, stop() is 1, and optimizers that get stop() move nothing
/// any more. So the weights stay those of the step in which it happened, until the host reads it.
///
/// Check and Add compute on the device only, at fixed addresses, so that a CUDA graph may hold
/// them.
class DeviceTotals {
 public:
  /// \param meters number of meters.
  /// \param checks number of places in a step that check numbers.
  DeviceTotals(c10::Device device, int meters, int checks);

  /// A float32 scalar on the device: 0, or 1 if a checked number was not finite.
  const at::Tensor& stop() const { return stop_; }

  /// Checks floating-point numbers of one type, at the place `check` of a step. Their values stay.
  void Check(int check, const std::vector<at::Tensor>& numbers);

  /// Adds the pass of a batch to the sums of a meter, as Meter::AddHits does. labels: of the
  /// logits.
  void Add(int meter, const PassScore& score, const at::Tensor& labels);

  /// What Restart sets and Read finds of a meter: sums over images.
  struct Sums {
    double loss = 0;
    double top1 = 0;
    double top5 = 0;
  };
  /// Begins an epoch, or goes on within one. sums: of each meter so far; empty: nothing was added.
  void Restart(const std::vector<Sums>& sums = {});

  /// A check that found a number that is not finite.
  struct Failure {
    int check = 0;
    /// How many checks of this place, the one of the failure included, came from the failure on.
    int64_t checks_since = 0;
  };
  struct Reading {
    std::vector<Sums> sums;  ///< of each meter, since Restart
    /// The first check that failed. order: as in Read.
    std::optional<Failure> failure;
  };
  /// Copies the totals to the host, which waits for the device.
  /// \param order the places of checks in the order in which a step makes them. A place that is
  ///     missing makes no checks in this epoch.
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
/// Brings a meter up to date.
void SetSums(const DeviceTotals::Sums& sums, Meter* meter);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_DEVICE_TOTALS_H_
