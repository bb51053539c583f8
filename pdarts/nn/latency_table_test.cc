#include "pdarts/nn/latency_table.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "pdarts/base/json.h"
#include "pdarts/comparison/random_architectures.h"
#include "pdarts/core/random.h"
#include "pdarts/core/registry.h"

namespace pdarts::nn {
namespace {

/// A simulated machine, on which a pass needs a microsecond for each multiply-add, and a
/// millisecond for each image.
double SlowMachine(Network& network, const ImageShape& image, int batch) {
  return batch * (1 + CountNetwork(network, image).macs / 1000);
}

NetworkShape SmallShape(const SearchSpace& space) {
  NetworkShape shape = space.default_network_shape().value();
  shape.channels = 2;
  shape.cells = 1;
  shape.image = {3, 8, 8};
  return shape;
}

LatencyTable SlowTable(const SearchSpace& space) {
  LatencyTable table;
  for (const int batch : {1, 4}) {
    EXPECT_TRUE(MeasureLatencies(space, SmallShape(space), batch, SlowMachine, &table).ok());
  }
  return table;
}

TEST(LatencyModel, SumsWhatWasMeasured) {
  const auto space = Registry<SearchSpace>::CreateDefault("nasbench201").value();
  const NetworkShape shape = SmallShape(*space);
  const LatencyTable table = SlowTable(*space);
  // Five operations in three blocks, for two batch sizes.
  EXPECT_EQ(table.operations_size(), 30);
  const at::Generator generator = MakeGenerator(1, "test");
  for (const int batch : {1, 4}) {
    const auto model = LatencyModel(*space, shape, table, batch);
    ASSERT_TRUE(model.ok()) << model.status();
    for (int i = 0; i < 3; ++i) {
      const Architecture architecture = RandomArchitecture(*space, generator).value();
      const auto network =
          space->BuildNetwork(architecture, shape, MakeGenerator(1, "weights")).value();
      // All architectures have the same number of operations, so the millisecond for each image is
      // a fixed part.
      EXPECT_NEAR(model->Of(architecture), SlowMachine(*network, shape.image, batch), 1e-9);
    }
  }
}

TEST(LatencyModel, NamesWhatTheTableLacks) {
  const auto space = Registry<SearchSpace>::CreateDefault("nasbench201").value();
  const LatencyTable table = SlowTable(*space);
  NetworkShape shape = SmallShape(*space);
  EXPECT_EQ(LatencyModel(*space, shape, table, 2).status(),
            absl::NotFoundError("the table has no times for batches of 2"));
  shape.channels = 4;
  const absl::Status other = LatencyModel(*space, shape, table, 1).status();
  EXPECT_TRUE(absl::StrContains(other.message(),
                                "no time of none for 4 channels of 8x8, stride 1, batch 1"))
      << other;
}

TEST(ReadLatencyTable, ReadsWhatIsPrinted) {
  const auto space = Registry<SearchSpace>::CreateDefault("nasbench201").value();
  const LatencyTable table = SlowTable(*space);
  const std::string file = (std::filesystem::path(::testing::TempDir()) / "table.json").string();
  std::ofstream(file) << ToJsonLine(table) << "\n";
  const auto read = ReadLatencyTable(file);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJsonLine(*read), ToJsonLine(table));
  for (const char* wrong : {"{}", "no json", R"({"operations":[{"median_ms":"NaN"}]})"}) {
    std::ofstream(file) << wrong;
    const absl::Status status = ReadLatencyTable(file).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << wrong;
    EXPECT_TRUE(absl::StrContains(status.message(), file)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "pdarts benchmark --operations")) << status;
  }
}

}  // namespace
}  // namespace pdarts::nn
