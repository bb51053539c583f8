#include "pdarts/runs/model.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "pdarts/base/json.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Training MakeTiny() {
  TrainSpec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        name: "tiny"
        genotype: "PDARTS"
        space {
          [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {}
        }
        dataset {
          [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
            classes: 3
            height: 16
            width: 8
            train_images: 8
            test_images: 4
          }
        }
        network { cells: 3 channels: 4 }
        initial_weights { file: "before.pt" sha256: "abc" except: "classifier" }
      )pb",
      &spec));
  return MakeTraining(spec).value();
}

Model Describe(const Training& training) {
  return DescribeModel(training, training.dataset->Load({}).value()).value();
}

TEST(ModelTest, HoldsWhatANetworkNeeds) {
  const Model model = Describe(MakeTiny());
  EXPECT_EQ(model.search_space(), "darts");
  EXPECT_THAT(model.genotype(), HasSubstr("Genotype("));
  EXPECT_EQ(model.network().cells(), 3);
  EXPECT_EQ(model.network().channels(), 4);
  EXPECT_EQ(model.image().height(), 16);
  EXPECT_EQ(model.image().width(), 8);
  EXPECT_THAT(model.class_names(), ElementsAre("class_0", "class_1", "class_2"));
  EXPECT_EQ(model.mean_size(), 3);
  EXPECT_THAT(model.dataset_checksum(), HasSubstr("sha256:"));
  EXPECT_EQ(model.initial_weights().file(), "before.pt");
  EXPECT_THAT(model.spec(), HasSubstr("name: \"tiny\""));
}

TEST(ModelTest, IsReadAsItWasWritten) {
  const Model model = Describe(MakeTiny());
  const auto of_text = ParseModel(ToJsonLine(model), "here");
  ASSERT_TRUE(of_text.ok()) << of_text.status();
  EXPECT_EQ(of_text->SerializeAsString(), model.SerializeAsString());

  const auto of_metadata = ModelOfMetadata({{kModelMetadata, ToJsonLine(model)}}, "file");
  ASSERT_TRUE(of_metadata.ok()) << of_metadata.status();
  EXPECT_EQ((*of_metadata)->SerializeAsString(), model.SerializeAsString());
  EXPECT_FALSE(ModelOfMetadata({{"format", "pt"}}, "file").value().has_value());
}

TEST(ModelTest, IsReadFromARunThatHasOne) {
  const std::string run = absl::StrCat(::testing::TempDir(), "/model_run");
  std::filesystem::create_directories(run);
  std::filesystem::remove(absl::StrCat(run, "/", kModelFile));
  EXPECT_FALSE(ReadRunModel(run).value().has_value());
  std::ofstream(absl::StrCat(run, "/", kModelFile)) << ToJsonLine(Describe(MakeTiny())) << "\n";
  EXPECT_EQ(ReadRunModel(run).value()->name(), "tiny");
}

TEST(ModelTest, RefusesWhatDoesNotFit) {
  const Model good = Describe(MakeTiny());
  const auto message_of = [](const Model& model) {
    const absl::Status status = ParseModel(ToJsonLine(model), "here").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    return std::string(status.message());
  };
  Model model = good;
  model.set_class_names(1, "class_0");
  EXPECT_THAT(message_of(model), HasSubstr("here: class_names: \"class_0\" occurs twice"));
  model = good;
  model.clear_class_names();
  EXPECT_THAT(message_of(model), HasSubstr("class_names"));
  model = good;
  model.mutable_mean()->RemoveLast();
  EXPECT_THAT(message_of(model), HasSubstr("have 2 and 3 numbers, expected 3"));
  model = good;
  model.set_deviation(2, 0);
  EXPECT_THAT(message_of(model), HasSubstr("a deviation above 0"));
  model = good;
  model.mutable_image()->set_height(-1);
  EXPECT_THAT(message_of(model), HasSubstr("image: is [3,-1,8]"));
  EXPECT_THAT(std::string(ParseModel("{", "here").status().message()), HasSubstr("here: "));
}

}  // namespace
}  // namespace pdarts
