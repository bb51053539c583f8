#include "pdarts/runs/result_groups.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "pdarts/core/spec.h"
#include "pdarts/runs/result_summary.h"

namespace pdarts {
namespace {

using google::protobuf::Message;

/// A text that is the same for two specs if they differ in the seed only.
std::string WithoutSeed(const Message& spec) {
  const std::unique_ptr<Message> copy(spec.New());
  copy->CopyFrom(spec);
  copy->GetReflection()->ClearField(copy.get(), copy->GetDescriptor()->FindFieldByName("seed"));
  return absl::StrCat(copy->GetDescriptor()->name(), "\n", PrintSpec(*copy));
}

ResultsGroup Summarize(const std::vector<RunResult>& results) {
  ResultsGroup group;
  group.set_name(results.front().name());
  group.set_dataset(results.front().dataset());
  group.set_search_space(results.front().search_space());
  for (const RunResult& result : results) group.add_seeds(result.seed());
  for (const ColumnSummary& summary : SummarizeResults(results)) {
    ResultsColumn* column = group.add_columns();
    column->set_name(summary.name);
    column->set_runs(static_cast<int>(std::count_if(summary.values.begin(), summary.values.end(),
                                                    [](const auto& v) { return v.has_value(); })));
    column->set_mean(summary.mean);
    column->set_deviation(summary.deviation);
  }
  return group;
}

}  // namespace

std::vector<RunGroup> GroupBySeed(const std::vector<FinishedRun>& runs) {
  std::map<std::string, std::vector<RunResult>> by_spec;
  for (const FinishedRun& run : runs) {
    if (run.spec != nullptr) by_spec[WithoutSeed(*run.spec)].push_back(run.result);
  }
  std::vector<RunGroup> groups;
  for (auto& [spec, results] : by_spec) {
    std::stable_sort(results.begin(), results.end(),
                     [](const RunResult& a, const RunResult& b) { return a.seed() < b.seed(); });
    // A run that was repeated is no second sample.
    results.erase(
        std::unique(results.begin(), results.end(),
                    [](const RunResult& a, const RunResult& b) { return a.seed() == b.seed(); }),
        results.end());
    if (results.size() < 2) continue;
    ResultsGroup summary = Summarize(results);
    groups.push_back({std::move(summary), std::move(results)});
  }
  const auto key = [](const RunGroup& group) {
    return std::make_tuple(group.summary.dataset(), group.summary.search_space(),
                           group.summary.name());
  };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const RunGroup& a, const RunGroup& b) { return key(a) < key(b); });
  return groups;
}

}  // namespace pdarts
