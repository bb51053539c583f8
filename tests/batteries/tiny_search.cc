#include "tests/batteries/tiny_search.h"

#include "ATen/Parallel.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "pdarts/core/super_net.h"
#include "pdarts/datasets/synthetic/synthetic.pb.h"
#include "pdarts/runs/checkpoint.h"
#include "pdarts/schedules/pdarts/pdarts_schedule.pb.h"

namespace pdarts {

void MakeTiny(const std::vector<int>& keep, ExperimentSpec* spec) {
  synthetic::SyntheticConfig images;
  images.set_classes(3);
  images.set_height(16);
  images.set_width(16);
  images.set_train_images(24);
  images.set_test_images(6);
  spec->mutable_dataset()->PackFrom(images);

  schedules::PdartsScheduleConfig schedule;
  for (const int kept : keep) {
    auto* const stage = schedule.add_stages();
    stage->set_cells(2);
    stage->set_channels(4);
    stage->set_epochs(2);
    stage->set_warmup_epochs(1);
    stage->set_keep(kept);
  }
  spec->mutable_schedule()->PackFrom(schedule);

  SearchSettings* const search = spec->mutable_search();
  search->clear_train_images();
  search->set_batch_size(6);
  search->set_evaluation_batch_size(6);
  search->set_evaluated_epochs(1);
}

absl::Status SearchLog::OnStageBegin(const SearchPosition& position, const SuperNet&) {
  lines.push_back(absl::StrCat("begin ", position.stage));
  return absl::OkStatus();
}

absl::Status SearchLog::OnResume(const SearchPosition&, const SuperNet&) {
  ++resumed;
  return absl::OkStatus();
}

absl::Status SearchLog::OnEpochEnd(const EpochReport& report) {
  std::string line =
      absl::StrFormat("epoch %d %a %a %a %a %a", report.position.epoch, report.train.loss,
                      report.train.top1, report.alpha_loss.value_or(-1),
                      report.supernet ? report.supernet->loss : -1, report.learning_rate);
  for (const auto& [name, value] : report.regularizers) {
    absl::StrAppendFormat(&line, " %s %a", name, value);
  }
  for (const auto& kind : report.super_net->Probabilities()) {
    for (const auto& edge : kind) {
      for (double p : edge) absl::StrAppendFormat(&line, " %a", p);
    }
  }
  lines.push_back(line);
  return absl::OkStatus();
}

absl::Status SearchLog::OnStageEnd(const SearchPosition& position, const SuperNet&,
                                   const Candidates&) {
  lines.push_back(absl::StrCat("end ", position.stage));
  return absl::OkStatus();
}

SearchOutcome Search(const ExperimentSpec& spec, Checkpointer* checkpointer,
                     const TrainingState* resume, c10::Device device) {
  at::set_num_threads(1);
  const absl::StatusOr<Experiment> experiment = MakeExperiment(spec, device);
  EXPECT_TRUE(experiment.ok()) << experiment.status();
  const DatasetSplits data = experiment->dataset->Load({}).value();
  SearchOptions options;
  options.checkpointer = checkpointer;
  options.resume = resume;
  SearchOutcome outcome;
  outcome.result = RunSearch(*experiment, data, options, &outcome.log);
  return outcome;
}

void ExpectSameEnd(const SearchOutcome& a, const SearchOutcome& b) {
  ASSERT_TRUE(a.result.ok()) << a.result.status();
  ASSERT_TRUE(b.result.ok()) << b.result.status();
  ASSERT_TRUE(a.result->derivation.ok()) << a.result->derivation.status();
  ASSERT_TRUE(b.result->derivation.ok()) << b.result->derivation.status();
  const auto same = [](const auto& x, const auto& y) {
    ASSERT_EQ(x.size(), y.size());
    for (const auto& item : x) EXPECT_TRUE(item.value().equal(y[item.key()])) << item.key();
  };
  same(a.result->super_net->named_parameters(), b.result->super_net->named_parameters());
  same(a.result->super_net->named_buffers(), b.result->super_net->named_buffers());
  EXPECT_EQ(a.result->derivation->architecture.SerializeAsString(),
            b.result->derivation->architecture.SerializeAsString());
  EXPECT_EQ(a.result->derivation->trace.SerializeAsString(),
            b.result->derivation->trace.SerializeAsString());
  EXPECT_EQ(a.result->supernet.loss, b.result->supernet.loss);
  EXPECT_EQ(a.result->supernet.top1, b.result->supernet.top1);
}

namespace {

/// Expects that a search which resumes from a state ends like the whole search, and reports what
/// that reports after the state.
void ExpectResumesToTheSameEnd(const ExperimentSpec& spec, const std::string& state,
                               const SearchOutcome& whole, c10::Device device) {
  const Checkpoint checkpoint = DecodeCheckpoint(state).value();
  const SearchOutcome resumed = Search(spec, nullptr, &checkpoint.state, device);
  ExpectSameEnd(whole, resumed);
  EXPECT_EQ(resumed.log.resumed, 1);
  const auto left = static_cast<int64_t>(resumed.log.lines.size());
  ASSERT_LE(left, static_cast<int64_t>(whole.log.lines.size()));
  EXPECT_EQ(std::vector<std::string>(whole.log.lines.end() - left, whole.log.lines.end()),
            resumed.log.lines);
}

}  // namespace

int ExpectEveryStateResumesToTheSameEnd(const ExperimentSpec& spec, c10::Device device) {
  const SearchOutcome plain = Search(spec, nullptr, nullptr, device);
  StateKeeper keeper;
  const SearchOutcome saved = Search(spec, &keeper, nullptr, device);
  ExpectSameEnd(plain, saved);
  EXPECT_EQ(plain.log.lines, saved.log.lines);
  for (size_t i = 0; i < keeper.contents.size(); ++i) {
    SCOPED_TRACE(keeper.places[i]);
    ExpectResumesToTheSameEnd(spec, keeper.contents[i], plain, device);
  }
  return static_cast<int>(keeper.contents.size());
}

int ExpectSomeStatesResumeToTheSameEnd(const ExperimentSpec& spec, size_t stride,
                                       c10::Device device) {
  StateKeeper keeper;
  const SearchOutcome whole = Search(spec, &keeper, nullptr, device);
  for (size_t i = stride / 2; i < keeper.contents.size(); i += stride) {
    SCOPED_TRACE(keeper.places[i]);
    ExpectResumesToTheSameEnd(spec, keeper.contents[i], whole, device);
  }
  return static_cast<int>(keeper.contents.size());
}

}  // namespace pdarts
