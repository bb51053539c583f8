#include "pdarts/runs/provenance.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/runs/model.pb.h"
#include "pdarts/runs/run.pb.h"
#include "pdarts/runs/training.pb.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Provenance Some() {
  Provenance provenance;
  provenance.set_version("1.0");
  provenance.set_commit("abc");
  provenance.set_libtorch("2.11");
  provenance.set_cpu("a processor");
  provenance.set_device("cuda:0");
  provenance.set_gpu("a card");
  provenance.set_kernels("FUSED");
  provenance.set_threads(2);
  provenance.set_dataset_source("/data");
  provenance.set_dataset_checksum("sha256:1");
  provenance.add_changes("epoch 1: threads was 1, is 2");
  return provenance;
}

/// Results have every field of Provenance.
template <class Result>
void ExpectAllIn() {
  Result result;
  CopyCommonFields(Some(), &result);
  Provenance back;
  CopyCommonFields(result, &back);
  EXPECT_EQ(back.DebugString(), Some().DebugString());
}

TEST(Provenance, IsInTheResultsOfSearchesAndTrainings) {
  ExpectAllIn<RunResult>();
  ExpectAllIn<TrainResult>();
}

TEST(Provenance, AModelHasTheDataAndTheProgram) {
  Model model;
  model.set_name("a");
  CopyCommonFields(Some(), &model);
  EXPECT_EQ(model.name(), "a");
  EXPECT_EQ(model.commit(), "abc");
  EXPECT_EQ(model.version(), "1.0");
  EXPECT_EQ(model.dataset_source(), "/data");
  EXPECT_EQ(model.dataset_checksum(), "sha256:1");
}

TEST(Provenance, WhatDecidesTheLastBitsIsCompared) {
  Provenance now = Some();
  now.set_version("1.1");
  now.set_dataset_source("/elsewhere");
  now.add_changes("another");
  EXPECT_THAT(CompareProvenance(Some(), now).value(), ElementsAre());
  now.set_threads(4);
  now.set_cpu("another");
  EXPECT_THAT(CompareProvenance(Some(), now).value(),
              ElementsAre("threads was 2, is 4", HasSubstr("cpu was")));
  now = Some();
  now.set_gpu("another card");
  EXPECT_THAT(CompareProvenance(Some(), now).value(), ElementsAre(HasSubstr("gpu was")));
  now = Some();
  now.set_processes(3);
  EXPECT_THAT(CompareProvenance(Some(), now).value(), ElementsAre("processes was 1, is 3"));
}

TEST(Provenance, EnvironmentsDifferInTheFieldsThatAreAskedFor) {
  RunResult before, now;
  before.set_threads(2);
  now.set_threads(4);
  now.set_processes(3);
  const auto differences = EnvironmentDifferences(before, now, {"processes", "cpu", "threads"});
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].name, "processes");
  EXPECT_EQ(differences[1].before, "2");
  EXPECT_EQ(differences[1].now, "4");
  EXPECT_EQ(differences[1].Text(), "threads was 2, is 4");
  EXPECT_THAT(EnvironmentDifferences(before, now, {"commit"}), IsEmpty());
}

TEST(Provenance, OtherDataAreRefused) {
  Provenance now = Some();
  now.set_dataset_checksum("sha256:2");
  EXPECT_THAT(CompareProvenance(Some(), now).status().ToString(),
              HasSubstr("dataset_checksum was sha256:1, is sha256:2"));
}

}  // namespace
}  // namespace pdarts
