#include "pdarts/runs/run_comparison.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "pdarts/base/file.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/runs/run_names.h"
#include "pdarts/weights/weights.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr const char* kWeights[] = {"supernet.safetensors", "last.safetensors", "best.safetensors"};

/// Whether a field of a log describes the speed or the memory of the machine.
bool IsOfTheMachine(const std::string& field) {
  static const auto* const fields = new std::set<std::string>{"time",
                                                              "elapsed_s",
                                                              "seconds",
                                                              "images_per_second",
                                                              "peak_memory_mb",
                                                              "expected_seconds",
                                                              "expected_memory_mb",
                                                              "device_peak_memory_mb"};
  return fields->count(field) != 0;
}

/// "stage 2, epoch 3", or the name of the event.
std::string PlaceOf(const Struct& event) {
  std::string place;
  for (const char* field : {"stage", "epoch"}) {
    const auto found = event.fields().find(field);
    if (found == event.fields().end()) continue;
    absl::StrAppend(&place, place.empty() ? "" : ", ", field, " ", found->second.number_value());
  }
  if (!place.empty()) return place;
  const auto name = event.fields().find("event");
  return name == event.fields().end() ? "an event" : name->second.string_value();
}

std::optional<std::string> Compare(const Value& before, const Value& now, const std::string& path);

std::optional<std::string> Compare(const Struct& before, const Struct& now,
                                   const std::string& path) {
  std::set<std::string> names;
  for (const Struct* side : {&before, &now}) {
    for (const auto& field : side->fields()) names.insert(field.first);
  }
  for (const std::string& name : names) {
    if (IsOfTheMachine(name)) continue;
    const std::string of_field = path.empty() ? name : absl::StrCat(path, ".", name);
    const auto a = before.fields().find(name), b = now.fields().find(name);
    if (a == before.fields().end()) return absl::StrCat(of_field, " was not there before");
    if (b == now.fields().end()) return absl::StrCat(of_field, " is not there now");
    if (auto difference = Compare(a->second, b->second, of_field)) return difference;
  }
  return std::nullopt;
}

std::optional<std::string> Compare(const Value& before, const Value& now, const std::string& path) {
  if (before.has_struct_value() && now.has_struct_value()) {
    return Compare(before.struct_value(), now.struct_value(), path);
  }
  if (before.has_list_value() && now.has_list_value()) {
    const auto& a = before.list_value().values();
    const auto& b = now.list_value().values();
    if (a.size() != b.size()) {
      return absl::StrCat(path, " had ", a.size(), " elements, has ", b.size());
    }
    for (int i = 0; i < a.size(); ++i) {
      if (auto difference = Compare(a[i], b[i], absl::StrCat(path, "[", i, "]"))) return difference;
    }
    return std::nullopt;
  }
  const std::string a = ToJsonLine(before), b = ToJsonLine(now);
  if (a == b) return std::nullopt;
  return absl::StrCat(path, " was ", a, ", is ", b);
}

absl::StatusOr<std::vector<Struct>> ReadLog(const std::string& run) {
  const std::string file = (fs::path(run) / kLogFile).string();
  PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  std::vector<Struct> events;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    Struct event;
    if (const absl::Status parsed = ParseJson(std::string(line), &event); !parsed.ok()) {
      return absl::DataLossError(
          absl::StrCat(file, ", line ", events.size() + 1, ": ", parsed.message()));
    }
    events.push_back(std::move(event));
  }
  return events;
}

absl::StatusOr<std::optional<std::string>> CompareLogs(const std::string& before,
                                                       const std::string& now) {
  PDARTS_ASSIGN_OR_RETURN(const std::vector<Struct> a, ReadLog(before));
  PDARTS_ASSIGN_OR_RETURN(const std::vector<Struct> b, ReadLog(now));
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const auto difference = Compare(a[i], b[i], "")) {
      return absl::StrCat(kLogFile, ", ", PlaceOf(a[i]), ": ", *difference);
    }
  }
  if (a.size() == b.size()) return std::nullopt;
  return absl::StrCat(kLogFile, " had ", a.size(), " events, has ", b.size());
}

absl::StatusOr<std::optional<std::string>> CompareWeights(const std::string& before,
                                                          const std::string& now,
                                                          const std::string& name) {
  PDARTS_ASSIGN_OR_RETURN(const WeightsFile of_before, ReadWeightsFile(before));
  PDARTS_ASSIGN_OR_RETURN(const WeightsFile of_now, ReadWeightsFile(now));
  const NamedTensors &a = of_before.tensors, &b = of_now.tensors;
  if (a.size() != b.size()) {
    return absl::StrCat(name, " had ", a.size(), " tensors, has ", b.size());
  }
  for (size_t i = 0; i < a.size(); ++i) {
    const at::Tensor &x = a[i].second, &y = b[i].second;
    if (a[i].first != b[i].first || x.scalar_type() != y.scalar_type() || x.sizes() != y.sizes() ||
        std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) != 0) {
      return absl::StrCat(name, ": the tensor ", a[i].first, " is another");
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FirstDifference(const std::string& before,
                                                           const std::string& now) {
  PDARTS_ASSIGN_OR_RETURN(std::optional<std::string> difference, CompareLogs(before, now));
  if (difference) return difference;
  const auto path = [](const std::string& run, const std::string& name) {
    return (fs::path(run) / name).string();
  };
  PDARTS_ASSIGN_OR_RETURN(const std::string a, ReadFile(path(before, kGenotypeFile)));
  PDARTS_ASSIGN_OR_RETURN(const std::string b, ReadFile(path(now, kGenotypeFile)));
  if (a != b) return absl::StrCat(kGenotypeFile, " was ", a, ", is ", b);
  for (const char* name : kWeights) {
    std::error_code error;
    const bool is_there = fs::exists(path(before, name), error);
    if (!is_there && !fs::exists(path(now, name), error)) continue;
    PDARTS_ASSIGN_OR_RETURN(difference, CompareWeights(path(before, name), path(now, name), name));
    if (difference) return difference;
  }
  return std::nullopt;
}

}  // namespace pdarts
