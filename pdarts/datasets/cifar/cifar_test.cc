#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/datasets/cifar/cifar.pb.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CifarTest : public ::testing::Test {
 protected:
  void SetUp() override { directory_ = TestFolder(); }
  void TearDown() override { fs::remove_all(directory_); }

  /// Writes a file of full length that takes no space on the disk. Its bytes are zero, except those
  /// of its first and last record, which begin and end with these bytes.
  void WriteSparse(const std::string& name, int64_t bytes, const std::string& begin,
                   const std::string& end) {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << begin;
    fs::resize_file(path, bytes - end.size());
    std::ofstream(path, std::ios::binary | std::ios::app) << end;
  }
  void WriteCifar10() {
    for (int i = 1; i <= 5; ++i) {
      WriteSparse("cifar-10-batches-bin/data_batch_" + std::to_string(i) + ".bin", 30730000,
                  std::string(1, static_cast<char>(i)), std::string(1, static_cast<char>(10 * i)));
    }
    WriteSparse("cifar-10-batches-bin/test_batch.bin", 30730000, "\6", "\7");
  }
  fs::path directory_;
};

template <class Config>
std::unique_ptr<Dataset> Make(const Config& config) {
  google::protobuf::Any any;
  any.PackFrom(config);
  auto dataset = Registry<Dataset>::Create(any);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  return std::move(*dataset);
}

TEST_F(CifarTest, ReadsThePublishedFilesOfCifar10InOrder) {
  WriteCifar10();
  cifar::Cifar10Config config;
  config.set_data_dir(directory_.string());
  const auto splits = Make(config)->Load({});
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->train->size(), 50000);
  EXPECT_EQ(splits->test->size(), 10000);
  const auto labels = splits->train->labels().accessor<int64_t, 1>();
  const at::Tensor train = splits->train->InMemory(), test = splits->test->InMemory();
  const auto images = train.accessor<uint8_t, 4>();
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(labels[10000 * i], i + 1);
    EXPECT_EQ(images[10000 * i + 9999][2][31][31], 10 * (i + 1));
  }
  EXPECT_EQ((splits->test->labels().accessor<int64_t, 1>()[0]), 6);
  EXPECT_EQ((test.accessor<uint8_t, 4>()[9999][2][31][31]), 7);
  EXPECT_EQ(splits->source, (directory_ / "cifar-10-batches-bin").string());
  // The result of sha256sum for the six files one after the other.
  EXPECT_EQ(splits->checksum,
            "sha256:d43dab40400ec8c229565a9c085a84a29b8d1bf993551fcbb23016e7d7b16c67");
}

TEST_F(CifarTest, ReadsFineOrCoarseLabelsOfCifar100) {
  WriteSparse("cifar-100-binary/train.bin", 153700000, "\23\143", "\5");
  WriteSparse("cifar-100-binary/test.bin", 30740000, "\21\142", "\6");
  cifar::Cifar100Config config;
  const std::unique_ptr<Dataset> fine = Make(config);
  config.set_labels(cifar::Cifar100Config::COARSE);
  const std::unique_ptr<Dataset> coarse = Make(config);
  EXPECT_EQ(fine->num_classes(), 100);
  EXPECT_EQ(coarse->num_classes(), 20);
  const auto with_fine = fine->Load({directory_.string()});
  ASSERT_TRUE(with_fine.ok()) << with_fine.status();
  EXPECT_EQ(with_fine->train->labels().size(0), 50000);
  EXPECT_EQ(with_fine->test->labels().size(0), 10000);
  EXPECT_EQ((with_fine->train->labels().accessor<int64_t, 1>()[0]), 99);
  EXPECT_EQ((with_fine->test->labels().accessor<int64_t, 1>()[0]), 98);
  const at::Tensor images = with_fine->train->InMemory();
  EXPECT_EQ((images.accessor<uint8_t, 4>()[49999][2][31][31]), 5);
  const auto with_coarse = coarse->Load({directory_.string()});
  ASSERT_TRUE(with_coarse.ok()) << with_coarse.status();
  EXPECT_EQ((with_coarse->train->labels().accessor<int64_t, 1>()[0]), 19);
  EXPECT_EQ((with_coarse->test->labels().accessor<int64_t, 1>()[0]), 17);
  EXPECT_EQ(with_coarse->checksum, with_fine->checksum);  // the checksum of the same bytes
}

TEST_F(CifarTest, ShrinksTheImages) {
  // The first record is an image whose left half has the value 200 in all channels.
  std::string record(1, '\1');
  for (int row = 0; row < 3 * 32; ++row) {
    record += std::string(16, '\310') + std::string(16, '\0');
  }
  WriteCifar10();
  WriteSparse("cifar-10-batches-bin/data_batch_1.bin", 30730000, record, "\12");
  cifar::Cifar10Config config;
  config.set_data_dir(directory_.string());
  const auto whole = Make(config)->Load({});
  config.set_image_size(16);
  const std::unique_ptr<Dataset> dataset = Make(config);
  EXPECT_EQ(dataset->info().image.height, 16);
  const auto splits = dataset->Load({});
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(splits->info.image.width, 16);
  EXPECT_THAT(splits->test->InMemory().sizes(), ElementsAre(10000, 3, 16, 16));
  EXPECT_EQ(splits->checksum, whole->checksum);
  const at::Tensor images = splits->train->InMemory();
  ASSERT_THAT(images.sizes(), ElementsAre(50000, 3, 16, 16));
  const auto pixels = images.accessor<uint8_t, 4>();
  for (int channel = 0; channel < 3; ++channel) {
    for (int row = 0; row < 16; ++row) {
      for (int column = 0; column < 16; ++column) {
        // The filter mixes the two columns at the border.
        const int value = pixels[0][channel][row][column];
        if (column < 7) EXPECT_EQ(value, 200);
        if (column == 7) EXPECT_EQ(value, 175);
        if (column == 8) EXPECT_EQ(value, 25);
        if (column > 8) EXPECT_EQ(value, 0);
      }
    }
  }
}

TEST_F(CifarTest, TheCallersFolderWinsOverTheConfigs) {
  cifar::Cifar10Config config;
  config.set_data_dir((directory_ / "config").string());
  const std::unique_ptr<Dataset> dataset = Make(config);
  EXPECT_THAT(std::string(dataset->Load({}).status().message()),
              HasSubstr("there is no folder " + (directory_ / "config").string()));
  const std::string message(dataset->Load({(directory_ / "flag").string()}).status().message());
  EXPECT_THAT(message, HasSubstr("there is no folder " + (directory_ / "flag").string()));
  EXPECT_THAT(message, Not(HasSubstr((directory_ / "config").string())));
}

TEST_F(CifarTest, SaysWhereItLookedAndHowToGetTheData) {
  const auto helps =
      AllOf(HasSubstr("--data_dir"), HasSubstr("PDARTS_DATA_DIR"), HasSubstr("dataset.data_dir"),
            HasSubstr("https://www.cs.toronto.edu/~kriz/cifar.html"));
  const std::unique_ptr<Dataset> cifar100 = Make(cifar::Cifar100Config());
  absl::Status status = cifar100->Load({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("no data folder is named"), helps,
                    HasSubstr("`pdarts fetch cifar100 --data_dir=DIR` gets the data")));
  status = cifar100->Load({directory_.string()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(directory_.string() + " holds none of cifar-100-binary/"), helps));
  // A folder that lacks one file.
  WriteCifar10();
  fs::remove(directory_ / "cifar-10-batches-bin/data_batch_3.bin");
  status = Make(cifar::Cifar10Config())->Load({directory_.string()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("data_batch_3.bin"), helps));
}

TEST_F(CifarTest, NamesTheDamagedFile) {
  WriteCifar10();
  WriteSparse("cifar-10-batches-bin/data_batch_4.bin", 30730000, "\12", "\1");
  const absl::Status status = Make(cifar::Cifar10Config())->Load({directory_.string()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("data_batch_4.bin: record 0: label 10 is not in [0, 10)"));
}

TEST_F(CifarTest, InfoIsThePublishedOne) {
  const DatasetInfo cifar10 = Make(cifar::Cifar10Config())->info();
  EXPECT_THAT(cifar10.class_names, ElementsAre("airplane", "automobile", "bird", "cat", "deer",
                                               "dog", "frog", "horse", "ship", "truck"));
  EXPECT_THAT(cifar10.mean, ElementsAre(0.49139968, 0.48215827, 0.44653124));
  EXPECT_THAT(cifar10.deviation, ElementsAre(0.24703233, 0.24348505, 0.26158768));
  cifar::Cifar100Config config;
  const DatasetInfo fine = Make(config)->info();
  EXPECT_EQ(std::set<std::string>(fine.class_names.begin(), fine.class_names.end()).size(), 100u);
  EXPECT_TRUE(std::is_sorted(fine.class_names.begin(), fine.class_names.end()));
  EXPECT_EQ(fine.class_names[0], "apple");
  EXPECT_EQ(fine.class_names[99], "worm");
  EXPECT_THAT(fine.mean, ElementsAre(0.5071, 0.4867, 0.4408));
  EXPECT_THAT(fine.deviation, ElementsAre(0.2675, 0.2565, 0.2761));
  config.set_labels(cifar::Cifar100Config::COARSE);
  const DatasetInfo coarse = Make(config)->info();
  EXPECT_EQ(coarse.class_names.size(), 20u);
  EXPECT_TRUE(std::is_sorted(coarse.class_names.begin(), coarse.class_names.end()));
  EXPECT_EQ(coarse.class_names[19], "vehicles_2");
}

TEST_F(CifarTest, OtherStatisticsTakeThePlaceOfThePublishedOnes) {
  cifar::Cifar10Config config;
  for (const double mean : {0.1, 0.2, 0.3}) config.add_mean(mean);
  EXPECT_THAT(Make(config)->info().mean, ElementsAre(0.1, 0.2, 0.3));
  EXPECT_THAT(Make(config)->info().deviation, ElementsAre(0.24703233, 0.24348505, 0.26158768));
  config.add_deviation(0.5);
  google::protobuf::Any any;
  any.PackFrom(config);
  EXPECT_THAT(Registry<Dataset>::Create(any).status().ToString(),
              HasSubstr("deviation: has 1 elements, expected one for each channel: 3"));
}

}  // namespace
}  // namespace pdarts
