#include "pdarts/processes/agreement.h"

#include <atomic>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/testing/process_threads.h"

namespace pdarts {
namespace {

TEST(Agree, LetsAllContinueWhereNobodyFails) {
  ExpectAllOk(RunProcesses(
      3, [](Communicator& communicator) { return Agree(communicator, absl::OkStatus()); }));
}

TEST(Agree, GivesEveryProcessTheFirstError) {
  for (const absl::Status& status : RunProcesses(3, [](Communicator& communicator) {
         if (communicator.rank() == 0) return Agree(communicator, absl::OkStatus());
         return Agree(communicator,
                      absl::NotFoundError(communicator.rank() == 1 ? "no file" : "x"));
       })) {
    EXPECT_TRUE(absl::IsNotFound(status));
    EXPECT_EQ(status.message(), "process 1 of 3: no file");
    EXPECT_TRUE(IsAgreed(status));
  }
}

TEST(Agree, DoesNotNameProcessZero) {
  for (const absl::Status& status : RunProcesses(2, [](Communicator& communicator) {
         return Agree(communicator, absl::InvalidArgumentError("--seed: x"));
       })) {
    EXPECT_EQ(status.message(), "--seed: x");
  }
}

TEST(Agree, KeepsItsOwnErrorWhereAnotherHasEnded) {
  const std::vector<absl::Status> statuses = RunProcesses(3, [](Communicator& communicator) {
    if (communicator.rank() == 2) return absl::OkStatus();
    return Agree(communicator,
                 communicator.rank() == 1 ? absl::DataLossError("mine") : absl::OkStatus());
  });
  EXPECT_TRUE(absl::IsUnavailable(statuses[0]));
  EXPECT_EQ(statuses[1], absl::DataLossError("mine"));
  EXPECT_FALSE(IsAgreed(statuses[0]));
  EXPECT_FALSE(IsAgreed(statuses[1]));
}

TEST(Agree, OneProcessAgreesWithItself) {
  const absl::Status error = absl::NotFoundError("no file");
  EXPECT_EQ(Agree(SingleProcess(), error), error);
  EXPECT_FALSE(IsAgreed(Agree(SingleProcess(), error)));
}

TEST(DoInFirst, RunsInProcessZeroAndTellsEveryProcess) {
  std::atomic<int> runs = 0;
  for (const absl::Status& status : RunProcesses(3, [&](Communicator& communicator) {
         return DoInFirst(communicator, [&] {
           ++runs;
           return communicator.rank() == 0 ? absl::NotFoundError("no file") : absl::OkStatus();
         });
       })) {
    EXPECT_TRUE(absl::IsNotFound(status));
    EXPECT_EQ(status.message(), "no file");
    EXPECT_TRUE(IsAgreed(status));
  }
  EXPECT_EQ(runs, 1);
}

TEST(Gather, KnowsTheNumberOfEachProcess) {
  ExpectAllOk(RunProcesses(3, [](Communicator& communicator) {
    PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> numbers,
                            Gather(communicator, 10 * communicator.rank() - 5));
    EXPECT_EQ(numbers, (std::vector<int64_t>{-5, 5, 15}));
    return absl::OkStatus();
  }));
  EXPECT_EQ(*Gather(SingleProcess(), 7), std::vector<int64_t>{7});
}

std::vector<absl::Status> Compare(const NamedTexts& of_zero, const NamedTexts& of_others) {
  return RunProcesses(2, [&](Communicator& communicator) {
    return CheckAllTheSame(communicator, communicator.rank() == 0 ? of_zero : of_others);
  });
}

TEST(CheckAllTheSame, AcceptsTheSame) {
  const NamedTexts texts = {{"spec", "name: \"a\"\nseed: 1\n"}, {"commit", "x=y\\\n"}};
  ExpectAllOk(Compare(texts, texts));
}

TEST(CheckAllTheSame, NamesTheProcessAndTheLineThatDiffers) {
  for (const absl::Status& status :
       Compare({{"commit", "1"}, {"spec", "name: \"a\"\n  seed: 1\n"}},
               {{"commit", "1"}, {"spec", "name: \"a\"\n  seed: 2\n"}})) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_EQ(status.message(),
              "process 1 of 2: the processes of a run must be started in the same way; its spec is "
              "seed: 2, that of process 0 is seed: 1");
    EXPECT_TRUE(IsAgreed(status));
  }
}

TEST(CheckAllTheSame, SeesALineMoreAndAnotherName) {
  const std::string more = std::string(Compare({{"spec", "a\nb"}}, {{"spec", "a"}})[0].message());
  EXPECT_NE(more.find("its spec is (nothing), that of process 0 is b"), std::string::npos) << more;
  const std::string other = std::string(Compare({{"a", "1"}}, {{"b", "1"}})[0].message());
  EXPECT_NE(other.find("process 0 has no b"), std::string::npos) << other;
}

}  // namespace
}  // namespace pdarts
