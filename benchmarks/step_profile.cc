#include "benchmarks/step_profile.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "torch/csrc/autograd/profiler_kineto.h"

namespace pdarts {
namespace {

/// A call on the host, without the calls within it.
struct OwnTime {
  const ProfiledEvent* event = nullptr;
  int64_t ns = 0;
  bool calls_operators = false;
};

bool IsOperator(const ProfiledEvent& event) { return absl::StartsWith(event.name, "aten::"); }

std::vector<OwnTime> OwnTimes(const std::vector<ProfiledEvent>& events) {
  std::vector<OwnTime> calls;
  for (const ProfiledEvent& event : events) {
    if (!event.on_device) calls.push_back({&event, event.end_ns - event.begin_ns});
  }
  // A call stands before the calls within it.
  std::stable_sort(calls.begin(), calls.end(), [](const OwnTime& a, const OwnTime& b) {
    if (a.event->thread != b.event->thread) return a.event->thread < b.event->thread;
    if (a.event->begin_ns != b.event->begin_ns) return a.event->begin_ns < b.event->begin_ns;
    return a.event->end_ns > b.event->end_ns;
  });
  std::vector<size_t> open;  // the calls around the present one, the innermost last
  for (size_t i = 0; i < calls.size(); ++i) {
    const ProfiledEvent& event = *calls[i].event;
    while (!open.empty() && (calls[open.back()].event->thread != event.thread ||
                             calls[open.back()].event->end_ns <= event.begin_ns)) {
      open.pop_back();
    }
    if (!open.empty()) calls[open.back()].ns -= event.end_ns - event.begin_ns;
    if (IsOperator(event)) {
      for (const size_t outer : open) calls[outer].calls_operators = true;
    }
    open.push_back(i);
  }
  return calls;
}

}  // namespace

CallCounts CountCalls(const std::vector<ProfiledEvent>& events) {
  CallCounts counts;
  for (const OwnTime& call : OwnTimes(events)) {
    const std::string& name = call.event->name;
    if (IsOperator(*call.event)) {
      counts.operators += call.calls_operators ? 0 : 1;
    } else if (absl::StartsWith(name, "cudaLaunchKernel") ||
               absl::StartsWith(name, "cuLaunchKernel")) {
      ++counts.launches;
    } else if (absl::StartsWith(name, "cudaGraphLaunch")) {
      ++counts.graph_launches;
    } else if (absl::StartsWith(name, "cu") && absl::StrContains(name, "Synchronize")) {
      ++counts.synchronizations;
    }
  }
  for (const ProfiledEvent& event : events) {
    if (!event.on_device) continue;
    if (absl::StartsWith(event.name, "Memcpy HtoD")) ++counts.copies_to_device;
    if (absl::StartsWith(event.name, "Memcpy DtoH")) ++counts.copies_from_device;
  }
  return counts;
}

std::vector<KernelTime> SlowestKernels(const std::vector<ProfiledEvent>& events, size_t most) {
  std::map<std::string, KernelTime> by_name;
  const auto add = [&](const std::string& name, int64_t ns) {
    KernelTime& time = by_name[name];
    time.name = name;
    ++time.calls;
    time.seconds += static_cast<double>(ns) / 1e9;
  };
  for (const ProfiledEvent& event : events) {
    if (event.on_device) add(event.name, event.end_ns - event.begin_ns);
  }
  if (by_name.empty()) {
    for (const OwnTime& call : OwnTimes(events)) add(call.event->name, call.ns);
  }
  std::vector<KernelTime> slowest;
  for (auto& entry : by_name) slowest.push_back(std::move(entry.second));
  std::stable_sort(slowest.begin(), slowest.end(),
                   [](const KernelTime& a, const KernelTime& b) { return a.seconds > b.seconds; });
  if (slowest.size() > most) slowest.resize(most);
  return slowest;
}

double DeviceSeconds(const std::vector<ProfiledEvent>& events) {
  int64_t ns = 0;
  for (const ProfiledEvent& event : events) {
    if (event.on_device) ns += event.end_ns - event.begin_ns;
  }
  return static_cast<double>(ns) / 1e9;
}

namespace {

std::set<torch::profiler::impl::ActivityType> Activities(c10::Device device) {
  std::set<torch::profiler::impl::ActivityType> activities = {
      torch::profiler::impl::ActivityType::CPU};
  if (device.is_cuda()) activities.insert(torch::profiler::impl::ActivityType::CUDA);
  return activities;
}

}  // namespace

void StepProfiler::Start() const {
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  torch::autograd::profiler::prepareProfiler(config, Activities(device_));
  torch::autograd::profiler::enableProfiler(config, Activities(device_));
}

std::vector<ProfiledEvent> StepProfiler::Stop() const {
  const std::unique_ptr<torch::autograd::profiler::ProfilerResult> result =
      torch::autograd::profiler::disableProfiler();
  std::vector<ProfiledEvent> events;
  for (const torch::autograd::profiler::KinetoEvent& event : result->events()) {
    ProfiledEvent& own = events.emplace_back();
    own.name = event.name();
    own.on_device = event.deviceType() != c10::DeviceType::CPU;
    own.thread = event.startThreadId();
    own.begin_ns = static_cast<int64_t>(event.startNs());
    own.end_ns = static_cast<int64_t>(event.endNs());
  }
  return events;
}

}  // namespace pdarts
