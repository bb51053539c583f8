#ifndef PDARTS_CORE_TESTING_COUNTING_DEVICE_H_
#define PDARTS_CORE_TESTING_COUNTING_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "c10/core/Device.h"
#include "c10/core/ScalarType.h"

namespace pdarts {

/// A device for tests that behaves like a GPU and counts its work. Its name is "counting".
///
/// The device is LibTorch's backend PrivateUse1. A tensor of the device has memory of the device's
/// own allocator. The kernels of the CPU compute every operator in this memory. So the results are
/// the results of the CPU. These errors are errors on a GPU, too, and they throw c10::Error:
///
/// - an operator whose tensors lie on the CPU and on the device. A tensor of the CPU without
///   dimensions is allowed, because LibTorch passes its value to the kernel;
/// - random numbers of a generator of the CPU for a tensor of the device;
/// - a copy that waits, or a read of a value, while a CountingGraph captures.
///
/// If the environment variable PDARTS_GUARD_DEVICE_MEMORY is set, code of the host that reads or
/// writes memory of the device ends the program with SIGSEGV, as on a GPU.
///
/// A program that links this library has the device from its start. Tensors of the CPU compute as
/// without the library.
c10::Device CountingDevice();

/// The work of the device since the start of the program, or since ResetCounters.
struct DeviceCounters {
  /// Kernels that were dispatched. A view, the allocation of a tensor, and a copy between the
  /// device and the host are no kernels. The replay of a graph is one.
  int64_t operations = 0;
  int64_t copies_to_device = 0;  ///< from the host
  int64_t bytes_to_device = 0;
  int64_t copies_from_device = 0;  ///< to the host, reads of single values included
  int64_t bytes_from_device = 0;
  /// How often the host had to wait for the device: each copy from the device, except a copy with
  /// non_blocking into pinned memory; each copy to the device, except a copy with non_blocking from
  /// pinned memory; each operator whose result is a number of the host, or has a shape that depends
  /// on values; each explicit synchronization.
  int64_t synchronizations = 0;
  /// Blocks of memory that the allocator had to make, because no freed block had the size.
  int64_t allocations = 0;

  friend bool operator==(const DeviceCounters& a, const DeviceCounters& b) {
    return a.operations == b.operations && a.copies_to_device == b.copies_to_device &&
           a.bytes_to_device == b.bytes_to_device && a.copies_from_device == b.copies_from_device &&
           a.bytes_from_device == b.bytes_from_device && a.synchronizations == b.synchronizations &&
           a.allocations == b.allocations;
  }
};

DeviceCounters Counters();
void ResetCounters();

/// The memory of the device's allocator, in bytes.
struct CountingDeviceMemory {
  int64_t allocated = 0;  ///< blocks that tensors hold
  int64_t peak = 0;       ///< the maximum of `allocated` since the start, or since ResetDevicePeak
  int64_t reserved = 0;   ///< `allocated` and the freed blocks that the allocator keeps
};

CountingDeviceMemory DeviceMemoryInUse();
void ResetDevicePeak();
/// Gives the freed blocks back to the system.
void FreeCachedDeviceMemory();

/// A tensor that an operator read or wrote.
struct RecordedTensor {
  std::vector<int64_t> sizes, strides;
  c10::ScalarType type = c10::ScalarType::Undefined;
  const void* address = nullptr;  ///< of the first element

  friend bool operator==(const RecordedTensor& a, const RecordedTensor& b) {
    return a.sizes == b.sizes && a.strides == b.strides && a.type == b.type &&
           a.address == b.address;
  }
};

/// A kernel, or a copy between the host and the device.
struct RecordedOperation {
  std::string name;                     ///< "aten::add.out", "copy to device", "copy from device"
  std::vector<RecordedTensor> tensors;  ///< the arguments, and then the results
  /// The values of the other arguments, and of tensors of the CPU without dimensions. A captured
  /// graph would keep these values.
  std::vector<std::string> values;

  friend bool operator==(const RecordedOperation& a, const RecordedOperation& b) {
    return a.name == b.name && a.tensors == b.tensors && a.values == b.values;
  }
  friend bool operator!=(const RecordedOperation& a, const RecordedOperation& b) {
    return !(a == b);
  }
};

/// "aten::add.out(float[2,3]@0x7f..., ...; 1)".
std::string Describe(const RecordedOperation& operation);

/// The difference between two recordings: "" if they are equal, else the number and the texts of
/// the first operations that differ, or the lengths.
std::string FirstDifference(const std::vector<RecordedOperation>& a,
                            const std::vector<RecordedOperation>& b);

/// Records the operations of all threads from its construction until Stop. At most one recording
/// exists at a time.
class DeviceRecording {
 public:
  DeviceRecording();
  ~DeviceRecording();
  DeviceRecording(const DeviceRecording&) = delete;
  DeviceRecording& operator=(const DeviceRecording&) = delete;

  /// Ends the recording, and returns the operations in the order of their dispatch.
  std::vector<RecordedOperation> Stop();

 private:
  bool is_stopped_ = false;
};

/// Captures operations, and computes them again in the same memory with the same arguments, like
/// at::cuda::CUDAGraph. The graph keeps the memory that was allocated during the capture for
/// itself. So the tensors of the captured code hold the results of the last replay.
class CountingGraph {
 public:
  CountingGraph();
  ~CountingGraph();
  CountingGraph(const CountingGraph&) = delete;
  CountingGraph& operator=(const CountingGraph&) = delete;

  /// Begins to capture the operations of all threads. They are computed during the capture, too.
  /// Until CaptureEnd, a synchronization throws c10::Error. At most one graph captures at a time.
  void CaptureBegin();
  void CaptureEnd();
  /// Ends a capture that failed. The graph is empty then.
  void Abandon();
  /// Computes the captured operations. Counts as one operation, and as the captured copies.
  void Replay();
  size_t size() const;  ///< captured operations and copies

 private:
  struct Capture;
  std::shared_ptr<Capture> capture_;
  bool is_capturing_ = false;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_TESTING_COUNTING_DEVICE_H_
