#include "pdarts/sessions/run_session.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/arange.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/communicator.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/testing/process_threads.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/processes/agreement.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RunSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = TestPath();
    spec_.set_name("a");
  }

  absl::StatusOr<std::unique_ptr<RunSession>> Open(Communicator& communicator,
                                                   const std::string& checksum = "1234") const {
    DatasetSplits data;
    data.checksum = checksum;
    return RunSession::Open(path_.string(), spec_, RunSetup(), Backend(), data, communicator);
  }

  std::filesystem::path path_;
  ExperimentSpec spec_;
};

TEST_F(RunSessionTest, ProcessZeroWritesAndAllGetTheStateOfARunThatResumes) {
  const auto begun = RunProcesses(3, [&](Communicator& communicator) -> absl::Status {
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<RunSession> session, Open(communicator));
    EXPECT_EQ(session->writes(), communicator.rank() == 0);
    EXPECT_EQ(session->state(), nullptr);
    EXPECT_EQ(session->provenance().processes(), 3);
    if (!session->writes()) return absl::OkStatus();
    Checkpoint checkpoint;
    *checkpoint.run.mutable_provenance() = session->provenance();
    checkpoint.state.trainer = "search";
    checkpoint.state.place = "stage 1/2, epoch 0/3 done";
    checkpoint.state.tensors["w"] = at::arange(5, at::TensorOptions(at::kFloat));
    return session->directory().WriteCheckpoint(std::move(checkpoint));
  });
  for (const absl::Status& status : begun) ASSERT_TRUE(status.ok()) << status;

  const auto gone_on = RunProcesses(2, [&](Communicator& communicator) -> absl::Status {
    PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<RunSession> session, Open(communicator));
    if (session->state() == nullptr) return absl::InternalError("no state");
    EXPECT_EQ(session->state()->trainer, "search");
    EXPECT_TRUE(
        session->state()->tensors.at("w").equal(at::arange(5, at::TensorOptions(at::kFloat))));
    if (session->writes()) {
      EXPECT_THAT(session->provenance().changes(),
                  ElementsAre("stage 1/2, epoch 0/3 done: processes was 3, is 2"));
    }
    return absl::OkStatus();
  });
  ExpectAllOk(gone_on);
}

TEST_F(RunSessionTest, ARunOfOneProcessDoesNotTellOfProcesses) {
  const auto session = Open(SingleProcess());
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE((*session)->writes());
  EXPECT_FALSE((*session)->provenance().has_processes());
}

TEST_F(RunSessionTest, AllLearnWhyTheDirectoryCanNotBeOpened) {
  std::filesystem::create_directories(path_ / "photos");
  for (const absl::Status& status :
       RunProcesses(2, [&](Communicator& communicator) { return Open(communicator).status(); })) {
    EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("holds files that are not a run of pdarts"));
    EXPECT_TRUE(IsAgreed(status));
  }
}

TEST_F(RunSessionTest, RefusesProcessesWithOtherData) {
  for (const absl::Status& status : RunProcesses(2, [&](Communicator& communicator) {
         return Open(communicator, communicator.rank() == 1 ? "5678" : "1234").status();
       })) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("its dataset's checksum is 5678, that of process 0 is 1234"));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(RunSessionTest, RefusesProcessesWithAnotherSpecOrCommand) {
  for (const bool other_command : {false, true}) {
    for (const absl::Status& status : RunProcesses(2, [&](Communicator& communicator) {
           ExperimentSpec spec = spec_;
           const bool is_other = communicator.rank() == 1;
           spec.set_seed(is_other && !other_command ? 2 : 1);
           return CheckSameStart(communicator, is_other && other_command ? "train" : "search", spec,
                                 Backend());
         })) {
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr(other_command ? "its command is train, that of process 0 is search"
                                          : "its spec is seed: 2, that of process 0 is seed: 1"));
    }
  }
}

TEST_F(RunSessionTest, AStoppedRunNamesTheCommandThatTheCallerGives) {
  RunSetup setup;
  setup.start = RunStart::kOverwrite;
  const auto stop = [&] {
    const auto session =
        RunSession::Open(path_.string(), spec_, setup, Backend(), DatasetSplits(), SingleProcess());
    if (!session.ok()) return session.status();
    return (*session)->Train(nullptr, [](Checkpointer*) { return absl::CancelledError("stop"); });
  };
  const absl::Status without = stop();
  EXPECT_TRUE(absl::IsCancelled(without)) << without;
  EXPECT_THAT(std::string(without.message()), HasSubstr("stopped; the state is in "));
  EXPECT_THAT(std::string(without.message()), Not(HasSubstr("To resume")));

  setup.resume_command = [](const std::string& run) { return "continue " + run; };
  const absl::Status with = stop();
  EXPECT_TRUE(absl::IsCancelled(with)) << with;
  EXPECT_THAT(std::string(with.message()), HasSubstr(". To resume:\n  continue " + path_.string()));
}

TEST(SetUpRun, ReadsTheOptions) {
  SessionOptions options;
  options.threads = 1;
  options.checkpoint_minutes = 0.5;
  options.overwrite = true;
  const absl::StatusOr<RunSetup> setup = SetUpRun(options);
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->start, RunStart::kOverwrite);
  EXPECT_EQ(setup->checkpoint_minutes, 0.5);
  EXPECT_EQ(setup->given_threads, 1);
  EXPECT_EQ(setup->threads, 1);
  options.overwrite = false;
  EXPECT_EQ(SetUpRun(options)->start, RunStart::kResumeOrBegin);
  options.resume = true;
  EXPECT_EQ(SetUpRun(options)->start, RunStart::kResume);
}

TEST(SetUpRun, NamesTheOptionThatIsWrong) {
  SessionOptions options;
  options.resume = true;
  options.overwrite = true;
  EXPECT_EQ(SetUpRun(options).status().message(), "--resume and --overwrite exclude each other");
  options.overwrite = false;
  options.checkpoint_minutes = -1;
  EXPECT_EQ(SetUpRun(options).status().message(), "--checkpoint_minutes: -1 is not 0 or more");
  options.checkpoint_minutes = 10;
  options.threads = -2;
  EXPECT_EQ(SetUpRun(options).status().message(), "--threads: -2 is negative");
}

TEST_F(RunSessionTest, KeepsTheNumberOfThreadsThatTheUserGave) {
  ExpectAllOk(RunProcesses(2, [](Communicator& communicator) {
    RunSetup setup;
    setup.given_threads = 3;
    setup.threads = 3;
    PDARTS_RETURN_IF_ERROR(ShareMachine(communicator, &setup));
    EXPECT_EQ(setup.processes_here, 2);
    EXPECT_EQ(setup.threads, 3);
    return absl::OkStatus();
  }));
}

TEST_F(RunSessionTest, CountsTheProcessesOfTheMachine) {
  ExpectAllOk(RunProcesses(3, [](Communicator& communicator) {
    RunSetup setup;
    PDARTS_RETURN_IF_ERROR(ShareMachine(communicator, &setup));
    EXPECT_EQ(setup.processes_here, 3);
    EXPECT_GE(setup.threads, 1);
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace pdarts
