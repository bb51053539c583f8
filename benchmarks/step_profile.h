#ifndef PDARTS_BENCHMARKS_STEP_PROFILE_H_
#define PDARTS_BENCHMARKS_STEP_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "c10/core/Device.h"

namespace pdarts {

/// An event of LibTorch's profiler.
struct ProfiledEvent {
  std::string name;
  bool on_device = false;  ///< a kernel or a copy that a device ran; else a call on the host
  uint64_t thread = 0;     ///< of a call on the host
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
};

/// The calls of the profiled steps to the device.
struct CallCounts {
  int64_t operators = 0;       ///< operators of LibTorch that call no other operator
  int64_t launches = 0;        ///< kernels that the host launched one by one
  int64_t graph_launches = 0;  ///< CUDA graphs that the host launched
  int64_t copies_to_device = 0;
  int64_t copies_from_device = 0;
  int64_t synchronizations = 0;  ///< calls that wait for the device
};

/// Counts events by their names, which are those of the CUDA runtime.
CallCounts CountCalls(const std::vector<ProfiledEvent>& events);

/// All events of one name.
struct KernelTime {
  std::string name;
  int64_t calls = 0;
  double seconds = 0;
};

/// The names that took most of the time, the slowest first, at most `most`: of the device's events
/// if there are any, else of the host's calls. The time of a call on the host is without the calls
/// within it.
std::vector<KernelTime> SlowestKernels(const std::vector<ProfiledEvent>& events, size_t most);

/// The time in which the device was busy: the sum over its events.
double DeviceSeconds(const std::vector<ProfiledEvent>& events);

/// Records what LibTorch computes between two calls.
class StepProfiler {
 public:
  explicit StepProfiler(c10::Device device) : device_(device) {}
  void Start() const;
  /// All events since Start. The device must have finished its work.
  std::vector<ProfiledEvent> Stop() const;

 private:
  const c10::Device device_;
};

}  // namespace pdarts

#endif  // PDARTS_BENCHMARKS_STEP_PROFILE_H_
