#include "pdarts/datasets/cifar/load.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/datasets/cifar/labels.h"
#include "pdarts/datasets/cifar/testing.h"
#include "pdarts/fetch/testing.h"

namespace pdarts::cifar {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A CIFAR-10 with two training batches and a test batch, each with two images.
Published Small() {
  Published published = Cifar10();
  published.train.resize(2);
  for (std::vector<Batch>* batches : {&published.train, &published.test}) {
    for (Batch& batch : *batches) batch.records = 2;
  }
  return published;
}

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() {
    folder_ = TestFolder();
    for (const bool is_python : {false, true}) {
      int first = 0;
      std::vector<Batch> batches = published_.train;
      batches.push_back(published_.test[0]);
      for (const Batch& batch : batches) {
        const int a = first++ % 10, b = first++ % 10;
        PythonBatch python;
        python.labels = {{"labels", {a, b}}};
        python.images = ImageFrom(a) + ImageFrom(b);
        python.rows = 2;
        std::string binary;
        for (const int label : {a, b}) binary += static_cast<char>(label) + ImageFrom(label);
        const std::string name =
            is_python ? absl::StrCat(published_.python_folder, "/", batch.python_name)
                      : absl::StrCat(published_.binary_folder, "/", batch.binary_name);
        (is_python ? python_ : binary_).push_back({name, is_python ? PickleOf(python) : binary});
      }
    }
  }
  ~LoadTest() override { fs::remove_all(folder_); }

  void WriteFiles(const std::vector<TarEntry>& entries) {
    for (const TarEntry& entry : entries) {
      fs::create_directories((folder_ / entry.path).parent_path());
      std::ofstream(folder_ / entry.path, std::ios::binary) << entry.content;
    }
  }
  void WriteArchive(const std::string& name, std::vector<TarEntry> entries) {
    entries.insert(entries.begin(), {"readme.html", "text"});
    std::ofstream(folder_ / name, std::ios::binary) << MakeTarGz(entries);
  }
  absl::StatusOr<DatasetSplits> Load(bool test_only = false) {
    return cifar::Load(published_, Cifar10Info(), folder_.string(), test_only);
  }
  std::string Error() { return std::string(Load().status().message()); }

  const Published published_ = Small();
  std::vector<TarEntry> binary_, python_;
  fs::path folder_;
};

TEST_F(LoadTest, EveryVersionGivesTheSameImagesAndChecksum) {
  WriteFiles(binary_);
  const auto expected = Load();
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(expected->train->labels().size(0), 4);
  EXPECT_EQ(expected->train->labels().select(0, 3).item<int64_t>(), 3);
  EXPECT_EQ(expected->test->labels().select(0, 0).item<int64_t>(), 4);
  const at::Tensor images = expected->test->InMemory();
  EXPECT_EQ((images.accessor<uint8_t, 4>()[0][0][0][1]), 4 + 7);
  for (const bool is_python : {true, false}) {
    for (const bool is_archive : {false, true}) {
      fs::remove_all(folder_);
      fs::create_directories(folder_);
      const std::string archive = is_python ? published_.python_archive : published_.binary_archive;
      if (is_archive) {
        WriteArchive(archive, is_python ? python_ : binary_);
      } else {
        WriteFiles(is_python ? python_ : binary_);
      }
      const auto splits = Load();
      ASSERT_TRUE(splits.ok()) << splits.status();
      EXPECT_TRUE(splits->train->InMemory().equal(expected->train->InMemory()));
      EXPECT_TRUE(splits->train->labels().equal(expected->train->labels()));
      EXPECT_TRUE(splits->test->InMemory().equal(expected->test->InMemory()));
      EXPECT_EQ(splits->checksum, expected->checksum);
      if (is_archive) {
        EXPECT_EQ(splits->source, (folder_ / archive).string());
      }
      const auto test = Load(/*test_only=*/true);
      ASSERT_TRUE(test.ok()) << test.status();
      EXPECT_TRUE(test->test->InMemory().equal(expected->test->InMemory()));
      EXPECT_NE(test->checksum, expected->checksum);
    }
  }
}

TEST_F(LoadTest, TheTestSplitAloneNeedsNoOtherFile) {
  WriteFiles({binary_.back()});
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kNotFound);
  const auto test = Load(/*test_only=*/true);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->test->labels().size(0), 2);
  EXPECT_EQ(test->info.class_names[0], "airplane");
}

TEST_F(LoadTest, SaysWhatIsThereWhereNothingFits) {
  WriteFiles({{"cifar-10-batches-mat/data_batch_1.mat", "x"}, {"notes.txt", "x"}});
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(
      Error(),
      AllOf(HasSubstr(absl::StrCat(folder_.string(),
                                   " holds none of cifar-10-batches-bin/, cifar-10-batches-py/, "
                                   "cifar-10-binary.tar.gz and cifar-10-python.tar.gz; it holds "
                                   "cifar-10-batches-mat, notes.txt. ")),
            HasSubstr("`pdarts fetch cifar10 --data_dir=DIR`")));
  folder_ /= "none";
  EXPECT_THAT(Error(), HasSubstr(absl::StrCat("there is no folder ", folder_.string(), ". ")));
}

TEST_F(LoadTest, DamagedFilesAreNamed) {
  // A folder of the Python version.
  std::vector<TarEntry> files = python_;
  files[1].content.resize(100);
  WriteFiles(files);
  EXPECT_THAT(Error(),
              AllOf(HasSubstr("cifar-10-batches-py/data_batch_2: is not a batch of CIFAR's"),
                    HasSubstr("it ends too early")));
  files[1].content = std::string(1 << 20, 'x');
  WriteFiles(files);
  EXPECT_THAT(Error(), HasSubstr("data_batch_2: has 1048576 bytes, expected at most"));
  // An archive of the Python version.
  fs::remove_all(folder_ / published_.python_folder);
  WriteArchive(published_.python_archive, files);
  EXPECT_THAT(Error(), AllOf(HasSubstr("cifar-10-python.tar.gz: cifar-10-batches-py/data_batch_2"),
                             HasSubstr("has 1048576 bytes, expected at most")));
  files.erase(files.begin() + 1);
  WriteArchive(published_.python_archive, files);
  EXPECT_THAT(Error(), HasSubstr("holds no file cifar-10-batches-py/data_batch_2"));
  std::ofstream(folder_ / published_.python_archive, std::ios::binary) << "<html>";
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Error(), HasSubstr("cifar-10-python.tar.gz: "));
  const std::string whole = MakeTarGz(python_);
  std::ofstream(folder_ / published_.python_archive, std::ios::binary)
      << whole.substr(0, whole.size() / 2);
  EXPECT_EQ(Load().status().code(), absl::StatusCode::kDataLoss);
  // For a label out of range, the error names its record, as in the binary version.
  files = python_;
  PythonBatch wrong;
  wrong.labels = {{"labels", {1, 10}}};
  wrong.images = ImageFrom(0) + ImageFrom(1);
  wrong.rows = 2;
  files[0].content = PickleOf(wrong);
  WriteFiles(files);
  EXPECT_THAT(Error(), HasSubstr("data_batch_1: record 1: label 10 is not in [0, 10)"));
}

}  // namespace
}  // namespace pdarts::cifar
