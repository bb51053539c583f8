#include "pdarts/datasets/cifar/python_batch.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/datasets/cifar/testing.h"

namespace pdarts::cifar {
namespace {

using ::testing::HasSubstr;

const RecordFormat kOneLabel = {{{"label", 10, "labels"}}, 0};
const RecordFormat kTwoLabels = {
    {{"coarse label", 20, "coarse_labels"}, {"fine label", 100, "fine_labels"}}, 1};

PythonBatch Batch() {
  PythonBatch batch;
  batch.labels = {{"labels", {3, 9}}};
  batch.images = ImageFrom(200) + ImageFrom(5);
  batch.rows = 2;
  return batch;
}

std::string Error(const std::string& pickle, const RecordFormat& format = kOneLabel) {
  const absl::Status status = RecordsOfPythonBatch(pickle, 2, format).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  return std::string(status.message());
}

TEST(PythonBatch, BecomesTheBinaryLayout) {
  const auto one = RecordsOfPythonBatch(PickleOf(Batch()), 2, kOneLabel);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(*one, absl::StrCat("\3", ImageFrom(200), "\11", ImageFrom(5)));
  const auto old = RecordsOfPythonBatch(PickleOf(Batch(), /*protocol=*/1), 2, kOneLabel);
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(*old, *one);
  PythonBatch batch = Batch();
  batch.labels = {{"fine_labels", {99, 7}}, {"coarse_labels", {19, 1}}};
  const auto two = RecordsOfPythonBatch(PickleOf(batch), 2, kTwoLabels);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(*two, absl::StrCat("\23\143", ImageFrom(200), "\1\7", ImageFrom(5)));
}

TEST(PythonBatch, FilesThatPythonThreeWroteAreRead) {
  for (const int protocol : {3, 4, 5}) {
    const auto pickle = ReadWhole(
        absl::StrCat("pdarts/datasets/cifar/testdata/python3_protocol", protocol), 1 << 20);
    ASSERT_TRUE(pickle.ok()) << pickle.status();
    const auto records = RecordsOfPythonBatch(*pickle, 2, kOneLabel);
    ASSERT_TRUE(records.ok()) << records.status();
    EXPECT_EQ(*records, absl::StrCat("\3", ImageFrom(0), "\11", ImageFrom(3072 * 7)));
  }
}

TEST(PythonBatch, NothingIsExecutedAndOnlyArraysOfNumPyAreTaken) {
  PythonBatch batch = Batch();
  batch.maker = "os.system";
  EXPECT_THAT(Error(PickleOf(batch)), HasSubstr("\"data\" is not an array of NumPy's"));
  EXPECT_THAT(Error("\x80\x02"
                    "cos\nsystem\nU\x04true\x85R."),
              HasSubstr("it has no entry \"data\""));
}

TEST(PythonBatch, SaysWhatDoesNotFit) {
  PythonBatch batch = Batch();
  EXPECT_THAT(Error(PickleOf(batch), kTwoLabels), HasSubstr("it has no entry \"coarse_labels\""));
  batch.labels[0].second = {3};
  EXPECT_EQ(Error(PickleOf(batch)), "has 1 entries in \"labels\", expected 2");
  batch = Batch();
  batch.type = "f4";
  EXPECT_THAT(Error(PickleOf(batch)), HasSubstr("\"data\" is not an array of bytes"));
  batch = Batch();
  batch.rows = 3;
  EXPECT_THAT(Error(PickleOf(batch)), HasSubstr("\"data\" has not the shape (2, 3072)"));
  batch.images += ImageFrom(1);
  EXPECT_EQ(Error(PickleOf(batch)), "has 3 images, expected 2");
  EXPECT_THAT(Error("PK\3\4"), HasSubstr("it does not begin as a pickle does"));
  EXPECT_THAT(Error(""), HasSubstr("it does not begin as a pickle does"));
}

TEST(PythonBatch, CutOffAnywhereItIsRefused) {
  const std::string pickle = PickleOf(Batch());
  for (size_t size = 0; size<pickle.size(); size += size> 300 && size < 6000 ? 100 : 1) {
    Error(pickle.substr(0, size));
  }
}

TEST(PythonBatch, ASmallPickleCanNotAskForMuchMemory) {
  // A list that contains itself many times, and names that are copied many times.
  EXPECT_THAT(Error(absl::StrCat("\x80\x02]", std::string(100000, '('))), HasSubstr("more values"));
  std::string names = absl::StrCat("\x80\x04T", std::string("\0\0\1\0", 4), std::string(65536, 'a'),
                                   std::string("q\0", 2));
  for (int i = 0; i < 1000; ++i) names += std::string("h\0h\0\x93", 5);
  EXPECT_THAT(Error(names), HasSubstr("a function's name is long"));
}

}  // namespace
}  // namespace pdarts::cifar
