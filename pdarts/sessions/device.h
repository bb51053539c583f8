#ifndef PDARTS_SESSIONS_DEVICE_H_
#define PDARTS_SESSIONS_DEVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "c10/core/Device.h"

namespace pdarts {

/// Reads the value of --device: "auto" (CUDA if there is a CUDA device, otherwise the CPU), "cpu",
/// "cuda" or "cuda:N".
/// \param number the number of this process among the processes of its run on this machine. With
/// "auto" and "cuda", each process gets the device with its number.
/// \error kInvalidArgument for any other text; kFailedPrecondition if the program was built without
/// CUDA or the machine has no such device.
absl::StatusOr<c10::Device> ResolveDevice(const std::string& text, int number = 0);

/// The product name of a CUDA device: "NVIDIA H200"; empty for any other device, and in a program
/// that was built without CUDA. It has not run on a GPU. Throws c10::Error if the device does not
/// start.
std::string DeviceName(c10::Device device);

/// Sets how many threads LibTorch's operators use; 0 leaves its own choice. Returns the number.
int SetThreads(int threads);

/// The number of processors that this program may use.
int NumProcessors();

/// A text for the set of these processors. Two programs on one machine that may use the same
/// processors get the same text.
std::string ProcessorSet();

/// LibTorch's version: "2.11.0".
std::string LibTorchVersion();

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_DEVICE_H_
