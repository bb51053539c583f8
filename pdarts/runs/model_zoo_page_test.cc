#include "pdarts/runs/model_zoo_page.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ZooRun MakeRun(const std::string& name, const std::string& dataset, const std::string& space,
               int seed) {
  ZooRun run;
  run.result.set_name(name);
  run.result.set_dataset(dataset);
  run.result.set_search_space(space);
  run.result.set_seed(seed);
  run.result.set_mem_gb(1.25);
  run.result.set_params_m(1.23456);
  run.result.set_flops_g(0.2);
  run.result.set_genotype("a");
  run.result.set_supernet_top1(51.5);
  run.result.set_supernet_top5(93.25);
  run.result.set_chance_top1(10);
  run.result.set_search_cost_s(1199.6);
  run.folder = absl::StrCat("../zoo/", name, "-seed", seed);
  return run;
}

/// The rows of a section, without the head of the table (two lines).
std::vector<std::string> RowsOf(const std::string& page, const std::string& title) {
  std::vector<std::string> rows;
  bool within = false;
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    if (absl::StartsWith(line, "## ")) within = line == absl::StrCat("## ", title);
    if (within && absl::StartsWith(line, "| ")) rows.emplace_back(line);
  }
  rows.erase(rows.begin(), rows.begin() + (rows.size() < 2 ? 0 : 2));
  return rows;
}

TEST(ModelZooPage, ARowHasItsNumbersAndLinks) {
  const std::string page =
      ModelZooPage({MakeRun("pdarts_darts_cifar100_small", "cifar100", "darts", 1)});
  EXPECT_THAT(page,
              HasSubstr("| search space | seed | memory, GB | parameters, M | multiply-adds, G | "
                        "genotype | super-network top-1, % | super-network top-5, % | search cost, "
                        "s | config | log |\n"));
  EXPECT_THAT(
      RowsOf(page, "CIFAR-100"),
      ElementsAre("| darts | 1 | 1.25 | 1.235 | 0.200 | "
                  "[genotype](<../zoo/pdarts_darts_cifar100_small-seed1/genotype.txt>) | 51.50 | "
                  "93.25 | 1200 | [pdarts_darts_cifar100_small]"
                  "(<../zoo/pdarts_darts_cifar100_small-seed1/spec.textproto>) | "
                  "[log](<../zoo/pdarts_darts_cifar100_small-seed1/log.jsonl>) |"));
}

TEST(ModelZooPage, ARunStandsBesideItsPublishedRow) {
  const std::vector<std::string> rows =
      RowsOf(ModelZooPage({MakeRun("a_small", "cifar10", "darts", 1),
                           MakeRun("pdarts_darts_cifar10", "cifar10", "darts", 3),
                           MakeRun("pdarts_darts_cifar10", "cifar10", "darts", 1)}),
             "CIFAR-10");
  ASSERT_EQ(rows.size(), 7u);
  EXPECT_THAT(rows[0], AllOf(StartsWith("| darts | 1 | 4.79 | 1.490 | 0.240 | `Genotype("),
                             HasSubstr("| published result of pdarts_darts_cifar10 | – |")));
  EXPECT_THAT(rows[1], AllOf(StartsWith("| darts | 1 | 1.25 |"),
                             HasSubstr("pdarts_darts_cifar10-seed1/spec.textproto")));
  EXPECT_THAT(rows[2], StartsWith("| darts | 3 | 4.91 |"));
  EXPECT_THAT(rows[3], HasSubstr("pdarts_darts_cifar10-seed3/spec.textproto"));
  EXPECT_THAT(rows[4], StartsWith("| darts | 5 | 4.91 |"));
  EXPECT_THAT(rows[5], HasSubstr("a_small-seed1/spec.textproto"));
  EXPECT_THAT(rows[6], StartsWith("| nasbench201 | 1 | – | – |"));
}

TEST(ModelZooPage, AnEmptyPublishedRowKeepsItsPlaceUntilItsOwnSearchFillsIt) {
  const auto rows = [](const std::string& name) {
    return RowsOf(ModelZooPage({MakeRun(name, "cifar10", "nasbench201", 1)}), "CIFAR-10").size();
  };
  EXPECT_EQ(rows("pdarts_nasbench201_cifar10_small"), 5u);
  EXPECT_EQ(rows("pdarts_nasbench201_cifar10"), 4u);
}

TEST(ModelZooPage, OtherDataSetsHaveSectionsToo) {
  const std::string page = ModelZooPage({MakeRun("mine", "photos", "darts", 1)});
  EXPECT_EQ(RowsOf(page, "photos").size(), 1u);
  EXPECT_THAT(page, HasSubstr("## CIFAR-100\n\nThere is no run yet.\n\n## photos\n"));
}

TEST(ModelZooPage, TopFiveOfFewClassesIsLeftOut) {
  ZooRun run = MakeRun("mine", "photos", "darts", 1);
  run.result.set_chance_top1(50);
  EXPECT_THAT(ModelZooPage({run}),
              AllOf(HasSubstr("| 51.50 | – | 1200 |"), Not(HasSubstr("93.25"))));
}

}  // namespace
}  // namespace pdarts
