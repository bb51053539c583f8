// Compares numbers of parameters with the reference.

#include <numeric>

#include "gtest/gtest.h"
#include "pdarts/core/network.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/search_space.h"
#include "pdarts/core/super_net.h"
#include "pdarts/spaces/darts/darts_space.pb.h"
#include "tests/parity/reference.h"

namespace pdarts::parity {
namespace {

using google::protobuf::Struct;

std::unique_ptr<SearchSpace> Space() {
  google::protobuf::Any config;
  config.PackFrom(darts::DartsSpaceConfig());
  return Registry<SearchSpace>::Create(config).value();
}

int Int(const Struct& object, const std::string& field) {
  return static_cast<int>(Field(object, field).number_value());
}

TEST(Counts, DerivedNetworks) {
  const auto space = Space();
  const Struct file = ReadJson("param_counts.json");
  int count = 0;
  for (const auto& value : Field(file, "derived").list_value().values()) {
    const Struct& one = value.struct_value();
    NetworkShape shape;
    if (Field(one, "network").string_value() == "NetworkImageNet") {
      shape.skeleton = "imagenet";
      shape.image = {3, 224, 224};
    }
    shape.cells = Int(one, "layers");
    shape.channels = Int(one, "channels");
    shape.classes = Int(one, "classes");
    for (const auto& [name, text] : space->known_architectures()) {
      if (name != Field(one, "genotype").string_value()) continue;
      for (bool head : {false, true}) {
        shape.auxiliary_head = head;
        const auto network =
            space->BuildNetwork(space->Parse(text).value(), shape, MakeGenerator(1, "weights"));
        EXPECT_EQ(CountParameters(**network),
                  Int(one, head ? "with_auxiliary" : "without_auxiliary"))
            << one.DebugString();
        ++count;
      }
    }
  }
  EXPECT_EQ(count, 2 * Field(file, "derived").list_value().values_size());
}

TEST(Counts, SuperNetworks) {
  const auto space = Space();
  const Struct file = ReadJson("param_counts.json");
  EXPECT_GT(Field(file, "search").list_value().values_size(), 0);
  for (const auto& value : Field(file, "search").list_value().values()) {
    const Struct& one = value.struct_value();
    SuperNetShape shape;
    shape.cells = Int(one, "layers");
    shape.channels = Int(one, "channels");
    shape.classes = Int(one, "classes");
    EdgeCandidates first(Int(one, "first_ops"));
    std::iota(first.begin(), first.end(), 0);
    const auto super_net = space->BuildSuperNet(Candidates(2, CellCandidates(14, first)), shape,
                                                MakeGenerator(1, "weights"));
    EXPECT_EQ(CountParameters(**super_net), Int(one, "with_alphas")) << one.DebugString();
    int64_t weights = 0;
    for (const at::Tensor& weight : (*super_net)->weights()) weights += weight.numel();
    EXPECT_EQ(weights, Int(one, "without_alphas")) << one.DebugString();
  }
}

}  // namespace
}  // namespace pdarts::parity
