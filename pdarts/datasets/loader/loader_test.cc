#include "pdarts/datasets/loader/loader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/index_select.h"
#include "ATen/ops/randint.h"
#include "ATen/ops/tensor.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/random.h"
#include "pdarts/core/testing/counting_device.h"
#include "pdarts/core/testing/process_threads.h"
#include "pdarts/datasets/transforms/transforms.pb.h"
#include "pdarts/device/operators.h"

namespace pdarts {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kImages = 23;
constexpr int64_t kBatch = 5;
constexpr int64_t kBatches = 5;  // in an epoch; the last batch has three images
constexpr int kSide = 8;

DatasetInfo Info() {
  DatasetInfo info;
  info.image = {3, kSide, kSide};
  info.class_names = {"a", "b", "c"};
  info.mean.assign(3, 0.5);
  info.deviation.assign(3, 0.25);
  return info;
}

at::Tensor RandomImages(int64_t n, int64_t height, int64_t width, uint64_t seed) {
  return at::randint(0, 256, {n, 3, height, width}, MakeGenerator(seed, "images"),
                     at::TensorOptions(at::kByte));
}

at::Tensor Labels() { return at::arange(kImages, at::kLong).remainder(3); }

std::shared_ptr<const SampleSource> Memory() {
  return MakeMemorySource(RandomImages(kImages, kSide, kSide, 1), Labels(), "memory");
}

/// Images that are read one by one.
class OnDemand : public SampleSource {
 public:
  enum class Fault { kDataLoss, kThrows, kNoMemory, kWrongPixels };

  /// The images of a source in memory.
  explicit OnDemand(const std::shared_ptr<const SampleSource>& source) {
    for (int64_t i = 0; i < source->size(); ++i) images_.push_back(source->InMemory()[i]);
  }
  /// Images of many sizes.
  OnDemand() {
    for (int64_t i = 0; i < kImages; ++i) {
      images_.push_back(RandomImages(1, 9 + i % 7, 8 + i % 5, static_cast<uint64_t>(i + 1))[0]);
    }
  }

  int64_t size() const override { return static_cast<int64_t>(images_.size()); }
  const at::Tensor& labels() const override { return labels_; }
  std::string Name(int64_t index) const override { return absl::StrCat("/data/", index, ".jpg"); }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const override {
    ++opened;
    // Images are finished in another order than they are begun.
    if (is_slow) std::this_thread::sleep_for(std::chrono::microseconds(700 * (index * 7 % 5)));
    const bool fails = failing.count(index) > 0;
    if (fails && fault == Fault::kDataLoss) return absl::DataLossError("is cut off");
    if (fails && fault == Fault::kThrows) throw std::runtime_error("thrown");
    if (fails && fault == Fault::kNoMemory) throw std::bad_alloc();
    at::Tensor image = images_[static_cast<size_t>(index)];
    const int64_t height = image.size(1), width = image.size(2);
    if (fails) image = image.slice(1, 4);
    return std::make_unique<Image>(image, height, width);
  }

  std::set<int64_t> failing;
  Fault fault = Fault::kDataLoss;
  bool is_slow = false;
  mutable std::atomic<int64_t> opened = 0;

 private:
  class Image : public Sample {
   public:
    Image(at::Tensor pixels, int64_t height, int64_t width)
        : pixels_(std::move(pixels)), height_(height), width_(width) {}
    int64_t width() const override { return width_; }
    int64_t height() const override { return height_; }
    absl::StatusOr<at::Tensor> Decode(const PixelRegion& region, int64_t, int64_t) const override {
      if (pixels_.size(1) != height_) return pixels_;
      return pixels_.narrow(1, region.top, region.height).narrow(2, region.left, region.width);
    }

   private:
    const at::Tensor pixels_;
    const int64_t height_;
    const int64_t width_;
  };

  std::vector<at::Tensor> images_;
  const at::Tensor labels_ = Labels();
};

Transforms Augmentation() {
  SearchSettings settings;
  settings.mutable_augmentation()->set_crop_padding(2);
  settings.mutable_augmentation()->set_cutout(3);
  return Transforms::ForSearch(settings, Info()).value();
}

LoaderOptions Options(int workers = 0) {
  LoaderOptions options;
  options.batch_size = kBatch;
  options.seed = 1;
  options.purpose = "weights";
  options.workers = workers;
  return options;
}

std::unique_ptr<Loader> Make(std::shared_ptr<const SampleSource> source,
                             const LoaderOptions& options) {
  const int64_t size = source->size();
  auto loader = Loader::Create(std::move(source), at::arange(size, at::kLong), Augmentation(),
                               Info(), at::kFloat, options);
  EXPECT_TRUE(loader.ok()) << loader.status();
  return *std::move(loader);
}

Batch Next(Loader& loader) {
  auto batch = loader.Next();
  EXPECT_TRUE(batch.ok()) << batch.status();
  return *std::move(batch);
}

std::vector<int64_t> Values(const at::Tensor& values) {
  const at::Tensor plain = values.contiguous();
  return {plain.const_data_ptr<int64_t>(), plain.const_data_ptr<int64_t>() + plain.numel()};
}

/// The indices of an epoch's images.
std::vector<int64_t> Order(Loader& loader) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < loader.batches_per_epoch(); ++i) {
    for (const int64_t index : Values(Next(loader).indices)) order.push_back(index);
  }
  return order;
}

void ExpectEqual(const Batch& a, const Batch& b) {
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.first_image, b.first_image);
  EXPECT_TRUE(a.indices.equal(b.indices));
  EXPECT_TRUE(a.labels.equal(b.labels));
  EXPECT_TRUE(a.images.equal(b.images)) << "epoch " << a.epoch << ", image " << a.first_image;
}

TEST(Loader, VisitsEveryImageOnceAnEpochAndKeepsTheSmallBatch) {
  const auto loader = Make(Memory(), Options());
  EXPECT_EQ(loader->images_per_epoch(), kImages);
  ASSERT_EQ(loader->batches_per_epoch(), kBatches);
  std::vector<std::vector<int64_t>> orders;
  for (int64_t epoch = 0; epoch < 2; ++epoch) {
    auto& order = orders.emplace_back();
    for (int64_t i = 0; i < kBatches; ++i) {
      EXPECT_EQ(loader->epoch(), epoch);
      EXPECT_EQ(loader->next_batch(), i);
      const Batch batch = Next(*loader);
      EXPECT_EQ(batch.epoch, epoch);
      EXPECT_EQ(batch.first_image, i * kBatch);
      EXPECT_EQ(batch.images.sizes(), at::IntArrayRef({i < 4 ? kBatch : 3, 3, kSide, kSide}));
      EXPECT_EQ(batch.images.scalar_type(), at::kFloat);
      for (const int64_t index : Values(batch.indices)) order.push_back(index);
      EXPECT_TRUE(batch.labels.equal(Labels().index_select(0, batch.indices)));
    }
    std::vector<int64_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, Values(at::arange(kImages, at::kLong)));
  }
  EXPECT_NE(orders[0], orders[1]) << "each epoch has an order of its own";
}

TEST(Loader, TheOrderDependsOnSeedStageAndPurpose) {
  const std::vector<int64_t> order = Order(*Make(Memory(), Options()));
  EXPECT_EQ(Order(*Make(Memory(), Options())), order);
  LoaderOptions options = Options();
  options.seed = 2;
  EXPECT_NE(Order(*Make(Memory(), options)), order);
  options = Options();
  options.stage = 1;
  EXPECT_NE(Order(*Make(Memory(), options)), order);
  options = Options();
  options.purpose = "alphas";
  EXPECT_NE(Order(*Make(Memory(), options)), order);
}

TEST(Loader, WithoutAShuffleTheOrderIsThatOfTheIndices) {
  LoaderOptions options = Options();
  options.shuffle = false;
  const auto loader = Loader::Create(Memory(), at::arange(7, 3, -1, at::kLong), Augmentation(),
                                     Info(), at::kDouble, options);
  ASSERT_TRUE(loader.ok()) << loader.status();
  for (int epoch = 0; epoch < 2; ++epoch) {
    const Batch batch = Next(**loader);
    EXPECT_THAT(Values(batch.indices), ElementsAre(7, 6, 5, 4));
    EXPECT_EQ(batch.images.scalar_type(), at::kDouble);
  }
}

// The transform of an image does not depend on its batch, but differs between epochs.
TEST(Loader, RandomNumbersDependOnTheSampleAndTheEpoch) {
  LoaderOptions options = Options();
  options.shuffle = false;
  const auto loader = Make(Memory(), options);
  const Batch first = Next(*loader);
  options.batch_size = 3;
  const auto smaller = Make(Memory(), options);
  const at::Tensor images = at::cat({Next(*smaller).images, Next(*smaller).images});
  EXPECT_TRUE(images.slice(0, 0, kBatch).equal(first.images));
  loader->Seek(1, 0);
  EXPECT_FALSE(Next(*loader).images.equal(first.images));
}

TEST(Loader, BatchesDoNotDependOnWorkers) {
  const auto plain = Make(std::make_shared<OnDemand>(), Options());
  std::vector<Batch> expected;
  for (int64_t i = 0; i < 2 * kBatches; ++i) expected.push_back(Next(*plain));
  for (const int workers : {1, 4}) {
    for (const int64_t batches_ahead : {0, 3, 20}) {
      auto source = std::make_shared<OnDemand>();
      source->is_slow = true;
      LoaderOptions options = Options(workers);
      options.prefetch_bytes = batches_ahead * kBatch * 3 * kSide * kSide * 4;
      const auto loader = Make(source, options);
      for (const Batch& batch : expected) ExpectEqual(Next(*loader), batch);
    }
  }
}

TEST(Loader, ImagesInMemoryAndOthersAreTransformedAlike) {
  const auto memory = Make(Memory(), Options());
  const auto others = Make(std::make_shared<OnDemand>(Memory()), Options(2));
  for (int64_t i = 0; i < kBatches + 1; ++i) ExpectEqual(Next(*others), Next(*memory));
}

TEST(Loader, ContinuesAtAnyBatchWithAnyNumberOfWorkers) {
  const auto plain = Make(std::make_shared<OnDemand>(), Options());
  std::vector<Batch> expected;
  for (int64_t i = 0; i < 3 * kBatches; ++i) expected.push_back(Next(*plain));
  for (const int workers : {0, 1, 4}) {
    for (int64_t begin = 0; begin < 2 * kBatches; ++begin) {
      LoaderOptions options = Options(workers);
      options.prefetch_bytes = 1 << 20;
      const auto loader = Make(std::make_shared<OnDemand>(), options);
      if (begin % 2 == 1) Next(*loader);  // so that a batch was already begun
      loader->Seek(begin / kBatches, begin % kBatches);
      for (int64_t i = begin; i < begin + 3; ++i) ExpectEqual(Next(*loader), expected[i]);
      loader->Seek(0, kBatches);  // the end of an epoch is the beginning of the next one
      EXPECT_EQ(loader->epoch(), 1);
      EXPECT_EQ(loader->next_batch(), 0);
      ExpectEqual(Next(*loader), expected[kBatches]);
    }
  }
}

/// Waits until this number of images was opened, at most 10 s.
void WaitForOpened(const OnDemand& source, int64_t images) {
  for (int i = 0; i < 10000 && source.opened < images; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST(Loader, ReadsAheadNoMoreThanTheMemoryAllows) {
  constexpr int64_t kAhead = 2;
  const auto source = std::make_shared<OnDemand>();
  LoaderOptions options = Options(4);
  options.prefetch_bytes = (kAhead * kBatch * 3 * kSide * kSide + 1) * 4;
  const auto loader = Make(source, options);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(source->opened, 0) << "nothing is read before the first batch is requested";
  for (int64_t taken = 1; taken <= 2; ++taken) {
    Next(*loader);
    WaitForOpened(*source, (taken + kAhead) * kBatch);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(source->opened, (taken + kAhead) * kBatch);
  }
}

TEST(Loader, ReadsAheadOneEpochAtMost) {
  for (const bool one_epoch : {false, true}) {
    const auto source = std::make_shared<OnDemand>();
    LoaderOptions options = Options(4);
    options.prefetch_bytes = int64_t{1} << 40;
    options.one_epoch = one_epoch;
    const auto loader = Make(source, options);
    const auto expect_opened = [&](int64_t images) {
      WaitForOpened(*source, images);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      EXPECT_EQ(source->opened, images);
    };
    Next(*loader);
    expect_opened(one_epoch ? kImages : kImages + kBatch);
    for (int64_t i = 1; i < kBatches; ++i) Next(*loader);
    expect_opened(one_epoch ? kImages : 2 * kImages);
    // The loader can still continue.
    Next(*loader);
    expect_opened(one_epoch ? 2 * kImages : 2 * kImages + kBatch);
  }
}

TEST(Loader, OneBatchIsReadAheadWithoutAnyMemoryForIt) {
  const auto source = std::make_shared<OnDemand>();
  const auto loader = Make(source, Options(2));
  Next(*loader);
  WaitForOpened(*source, 2 * kBatch);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(source->opened, 2 * kBatch);
}

TEST(Loader, AnImageThatCannotBeReadIsAnErrorThatNamesIt) {
  LoaderOptions options = Options();
  options.shuffle = false;
  for (const int workers : {0, 4}) {
    auto source = std::make_shared<OnDemand>();
    source->failing = {8, 6};  // both in the second batch
    options.workers = workers;
    const auto loader = Make(source, options);
    const Batch first = Next(*loader);
    for (int tries = 0; tries < 2; ++tries) {
      const absl::Status status = loader->Next().status();
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
      EXPECT_EQ(status.message(), "/data/6.jpg: is cut off");
      EXPECT_EQ(loader->next_batch(), 1);
    }
    EXPECT_EQ(loader->skipped(), 0);
    if (workers > 0) continue;  // the workers may be reading
    source->failing.clear();    // a user who repairs the file can continue
    EXPECT_THAT(Values(Next(*loader).indices), ElementsAre(5, 6, 7, 8, 9));
  }
}

TEST(Loader, SkipsWhatCannotBeReadIfAskedTo) {
  const auto whole = Make(std::make_shared<OnDemand>(), Options());
  for (const int workers : {0, 1, 4}) {
    auto source = std::make_shared<OnDemand>();
    source->is_slow = true;
    source->failing = {3, 11, 12};
    LoaderOptions options = Options(workers);
    options.skip_unreadable = true;
    const auto loader = Make(source, options);
    whole->Seek(0, 0);
    for (int64_t i = 0; i < 2 * kBatches; ++i) {
      // The other batches do not change.
      const Batch expected = Next(*whole), batch = Next(*loader);
      std::vector<int64_t> readable;
      const std::vector<int64_t> indices = Values(expected.indices);
      for (size_t k = 0; k < indices.size(); ++k) {
        if (source->failing.count(indices[k]) == 0) readable.push_back(static_cast<int64_t>(k));
      }
      const at::Tensor rest = at::tensor(readable, at::kLong);
      EXPECT_EQ(batch.first_image, expected.first_image);
      EXPECT_TRUE(batch.indices.equal(expected.indices.index_select(0, rest)));
      EXPECT_TRUE(batch.labels.equal(expected.labels.index_select(0, rest)));
      EXPECT_TRUE(batch.images.equal(expected.images.index_select(0, rest)));
    }
    EXPECT_EQ(loader->skipped(), 6);
  }
}

TEST(Loader, ABatchWithoutAnyReadableImageIsAnError) {
  auto source = std::make_shared<OnDemand>();
  source->failing = {0, 1, 2, 3, 4};
  LoaderOptions options = Options(2);
  options.shuffle = false;
  options.skip_unreadable = true;
  const absl::Status status = Make(source, options)->Next().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(),
            "none of the 5 images of a batch can be read; the first one: /data/0.jpg: is cut off");
}

// Only damaged images are skipped.
TEST(Loader, OtherErrorsOfAWorkerReachTheCaller) {
  using Fault = OnDemand::Fault;
  const std::vector<std::pair<Fault, absl::Status>> cases = {
      {Fault::kThrows, absl::InternalError("/data/2.jpg: thrown")},
      {Fault::kNoMemory,
       absl::ResourceExhaustedError("/data/2.jpg: there is no memory to read it")},
      {Fault::kWrongPixels,
       absl::InternalError("/data/2.jpg: the decoder gave Byte of [3,7,10], expected [3,10,10]")}};
  for (const auto& [fault, expected] : cases) {
    for (const int workers : {0, 2}) {
      auto source = std::make_shared<OnDemand>();
      source->failing = {2};
      source->fault = fault;
      LoaderOptions options = Options(workers);
      options.shuffle = false;
      options.skip_unreadable = true;
      EXPECT_EQ(Make(source, options)->Next().status(), expected);
    }
  }
}

TEST(Loader, EndsWhileItsWorkersAreBusy) {
  for (int i = 0; i < 20; ++i) {
    auto source = std::make_shared<OnDemand>();
    source->is_slow = true;
    LoaderOptions options = Options(4);
    options.prefetch_bytes = 1 << 20;
    const auto loader = Make(source, options);
    if (i % 2 == 0) Next(*loader);
  }
}

/// The batches that the loaders of `processes` processes return in an epoch, [batch][rank].
std::vector<std::vector<Batch>> Shares(int processes,
                                       const std::shared_ptr<const SampleSource>& source,
                                       LoaderOptions options) {
  std::vector<std::vector<Batch>> batches(kBatches, std::vector<Batch>(processes));
  const auto statuses = RunProcesses(processes, [&](Communicator& communicator) {
    LoaderOptions own = options;
    own.communicator = &communicator;
    const auto loader = Make(source, own);
    for (std::vector<Batch>& batch : batches) {
      absl::StatusOr<Batch> share = loader->Next();
      if (!share.ok()) return share.status();
      batch[communicator.rank()] = *std::move(share);
    }
    return absl::OkStatus();
  });
  ExpectAllOk(statuses);
  return batches;
}

/// Expects that the shares of a batch together are the batch, with each image at its position.
void ExpectSharesAre(const Batch& whole, const std::vector<Batch>& shares) {
  const auto processes = static_cast<int64_t>(shares.size());
  std::vector<at::Tensor> images, labels, indices;
  std::vector<int64_t> taken(shares.size());
  int64_t position = whole.first_image;
  for (size_t p = 0; p < shares[0].parts.size(); ++p) {
    const BatchPart& first = shares[0].parts[p];
    EXPECT_EQ(first.is_shared, first.all_images >= processes);
    int64_t sum = 0;
    for (size_t r = 0; r < shares.size(); ++r) {
      const BatchPart& part = shares[r].parts[p];
      EXPECT_EQ(part.all_images, first.all_images);
      EXPECT_EQ(part.first_image, position + (first.is_shared ? sum : 0));
      sum += part.images;
      const int64_t begin = taken[r];
      taken[r] += part.images;
      if (r > 0 && !first.is_shared) continue;
      images.push_back(shares[r].images.narrow(0, begin, part.images));
      labels.push_back(shares[r].labels.narrow(0, begin, part.images));
      indices.push_back(shares[r].indices.narrow(0, begin, part.images));
    }
    EXPECT_EQ(sum, first.is_shared ? first.all_images : processes * first.all_images);
    position += first.all_images;
  }
  EXPECT_TRUE(at::cat(images).equal(whole.images));
  EXPECT_TRUE(at::cat(labels).equal(whole.labels));
  EXPECT_TRUE(at::cat(indices).equal(whole.indices));
  for (size_t r = 0; r < shares.size(); ++r) {
    EXPECT_EQ(shares[r].epoch, whole.epoch);
    EXPECT_EQ(shares[r].first_image, shares[r].parts[0].first_image);
    EXPECT_EQ(shares[r].images.size(0), taken[r]);
  }
}

TEST(Loader, ProcessesShareEveryBatch) {
  for (const int processes : {2, 3, 4}) {
    for (const int workers : {0, 2}) {
      for (const int64_t part_images : {0, 3}) {
        SCOPED_TRACE(
            absl::StrCat(processes, " processes, ", workers, " workers, parts of ", part_images));
        LoaderOptions options = Options(workers);
        options.part_images = part_images;
        const auto whole = Make(std::make_shared<OnDemand>(), Options());
        const auto batches = Shares(processes, std::make_shared<OnDemand>(), options);
        for (const std::vector<Batch>& shares : batches) ExpectSharesAre(Next(*whole), shares);
      }
    }
  }
}

TEST(Loader, ProcessesCountTheImagesThatOthersLeaveOut) {
  auto source = std::make_shared<OnDemand>();
  source->failing = {1, 8, 9};
  LoaderOptions options = Options();
  options.shuffle = false;
  options.skip_unreadable = true;
  const auto whole = Make(source, options);
  // Process 0 has the images 0, 1; 5, 6; process 1 has 2, 3, 4; 7, 8, 9.
  for (const std::vector<Batch>& shares : Shares(2, source, options)) {
    ExpectSharesAre(Next(*whole), shares);
  }
}

TEST(Loader, AProcessWithoutAReadableImageStopsTheOthers) {
  auto source = std::make_shared<OnDemand>();
  source->failing = {0, 1};
  LoaderOptions options = Options();
  options.shuffle = false;
  options.skip_unreadable = true;
  const auto statuses = RunProcesses(2, [&](Communicator& communicator) {
    LoaderOptions own = options;
    own.communicator = &communicator;
    return Make(source, own)->Next().status();
  });
  EXPECT_EQ(statuses[0].code(), absl::StatusCode::kDataLoss) << statuses[0];
  EXPECT_EQ(statuses[1],
            absl::UnavailableError("process 0 of 2 has an error in its images of a batch"));
}

TEST(Loader, PixelsAreThoseOfTheImagesWhateverNormalizesThem) {
  SearchSettings own;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "transforms { [type.googleapis.com/pdarts.transforms.NormalizeConfig] {"
      " mean: [0.1, 0.2, 0.3] deviation: [0.9, 0.2, 0.7] } }",
      &own));
  const at::Tensor images = Memory()->InMemory();
  for (const Transforms& transforms :
       {Transforms::Plain().value(), Transforms::ForSearch(own, Info()).value()}) {
    const auto loader = Loader::Create(Memory(), at::arange(kImages, at::kLong), transforms, Info(),
                                       at::kFloat, Options());
    ASSERT_TRUE(loader.ok()) << loader.status();
    const absl::StatusOr<BatchPixels> shown = (*loader)->NextPixels();
    ASSERT_TRUE(shown.ok()) << shown.status();
    EXPECT_TRUE(shown->pixels.equal(images.index_select(0, shown->indices)));
    const Batch next = Next(**loader);
    EXPECT_EQ((*loader)->next_batch(), 2);
    EXPECT_TRUE((*loader)->Pixels(next.images[1])->equal(images[next.indices[1].item<int64_t>()]));
  }
}

/// The next batch on the counting device, and then on the CPU.
Batch NextOnDevice(Loader& loader) {
  auto batch = loader.NextOn(CountingDevice());
  EXPECT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->images.device(), CountingDevice());
  EXPECT_EQ(batch->labels.device(), CountingDevice());
  EXPECT_TRUE(batch->indices.device().is_cpu());
  batch->images = batch->images.cpu();
  batch->labels = batch->labels.cpu();
  return *std::move(batch);
}

/// The size of a block of tensors whose parts have these sizes in bytes.
int64_t PackedBytes(const std::vector<int64_t>& parts) {
  int64_t all = 0;
  for (const int64_t bytes : parts) all += (bytes + 255) / 256 * 256;
  return all;
}

TEST(LoaderOnADevice, GivesTheBatchesOfTheCpu) {
  const auto on_cpu = Make(Memory(), Options()), in_memory = Make(Memory(), Options());
  const auto others = Make(std::make_shared<OnDemand>(Memory()), Options(2));
  for (int64_t i = 0; i < 2 * kBatches; ++i) {
    const Batch expected = Next(*on_cpu);
    ExpectEqual(NextOnDevice(*in_memory), expected);
    ExpectEqual(NextOnDevice(*others), expected);
  }
  in_memory->Seek(0, 2);
  on_cpu->Seek(0, 2);
  ExpectEqual(NextOnDevice(*in_memory), Next(*on_cpu));
  // The same loader continues on the CPU.
  ExpectEqual(Next(*in_memory), Next(*on_cpu));
  EXPECT_TRUE(in_memory->NextOn(c10::kCPU)->images.equal(Next(*on_cpu).images));
}

TEST(LoaderOnADevice, CopiesOneBlockForABatchAndNeverWaits) {
  constexpr int64_t kPixels = kBatch * 3 * kSide * kSide;
  const auto in_memory = Make(Memory(), Options());
  const auto others = Make(std::make_shared<OnDemand>(Memory()), Options());
  NextOnDevice(*in_memory);  // also copies the normalized values of all bytes
  NextOnDevice(*others);
  const auto expect_one_copy = [](Loader& loader, int64_t bytes, int64_t operations) {
    ResetCounters();
    const auto batch = loader.NextOn(CountingDevice());
    const DeviceCounters counters = Counters();
    ASSERT_TRUE(batch.ok()) << batch.status();
    EXPECT_EQ(counters.copies_to_device, 1);
    EXPECT_EQ(counters.bytes_to_device, bytes);
    EXPECT_EQ(counters.copies_from_device, 0);
    EXPECT_EQ(counters.synchronizations, 0);
    EXPECT_EQ(counters.operations, operations);
  };
  expect_one_copy(*in_memory,
                  PackedBytes({kBatch * 8, kBatch * operators::kImageNumbers * 4, kPixels}), 1);
  expect_one_copy(*others, PackedBytes({kBatch * 8, kPixels * 4}), 0);
}

TEST(LoaderOnADevice, TheHostTransformsWhatTheDeviceDoesNot) {
  SearchSettings settings;
  settings.add_transforms()->PackFrom(transforms::ColorJitterConfig());
  settings.add_transforms()->PackFrom(transforms::NormalizeConfig());
  const Transforms jitter = Transforms::ForSearch(settings, Info()).value();
  const auto make = [&](at::ScalarType dtype) {
    return Loader::Create(Memory(), at::arange(kImages, at::kLong), jitter, Info(), dtype,
                          Options())
        .value();
  };
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const auto on_cpu = make(dtype), on_device = make(dtype);
    for (int64_t i = 0; i < kBatches + 1; ++i) {
      ExpectEqual(NextOnDevice(*on_device), Next(*on_cpu));
    }
    ResetCounters();
    ASSERT_TRUE(on_device->NextOn(CountingDevice()).ok());
    EXPECT_EQ(Counters().copies_to_device, 1);
    EXPECT_EQ(Counters().operations, 0);
  }
}

TEST(LoaderOnADevice, LeavesOutWhatCannotBeRead) {
  const auto source = std::make_shared<OnDemand>();
  source->failing = {2, 3};
  LoaderOptions options = Options();
  options.skip_unreadable = true;
  const auto on_cpu = Make(source, options), on_device = Make(source, options);
  for (int64_t i = 0; i < kBatches; ++i) ExpectEqual(NextOnDevice(*on_device), Next(*on_cpu));
  EXPECT_EQ(on_device->skipped(), 2);
  const auto failing = Make(source, Options());
  absl::Status status;
  for (int64_t i = 0; i < kBatches && status.ok(); ++i) {
    status = failing->NextOn(CountingDevice()).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
}

TEST(Loader, RemakesThePixelsOfAnImage) {
  for (const bool is_in_memory : {false, true}) {
    std::shared_ptr<const SampleSource> source = Memory();
    if (!is_in_memory) source = std::make_shared<OnDemand>(source);
    const auto loader = Make(source, Options(is_in_memory ? 0 : 2));
    loader->Seek(1, 0);
    const Batch batch = Next(*loader);
    const at::Tensor pixels = loader->Pixels(batch.images).value();
    for (int64_t i = 0; i < kBatch; ++i) {
      const int64_t index = Values(batch.indices)[static_cast<size_t>(i)];
      EXPECT_TRUE(loader->PixelsOf(index, /*epoch=*/1)->equal(pixels[i]));
    }
    ExpectEqual(Next(*loader), [&] {
      const auto other = Make(source, Options());
      other->Seek(1, 1);
      return Next(*other);
    }());
  }
  const auto source = std::make_shared<OnDemand>();
  source->failing = {4};
  const absl::Status status = Make(source, Options())->PixelsOf(4, 0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("/data/4.jpg"));
}

TEST(Loader, RefusesImagesThatAreNotThere) {
  const auto create = [](const at::Tensor& indices) {
    return Loader::Create(Memory(), indices, Augmentation(), Info(), at::kFloat, Options())
        .status();
  };
  EXPECT_EQ(create(at::empty({0}, at::kLong)).message(), "there are no images to load");
  EXPECT_EQ(create(at::arange(20, 24, at::kLong)).message(),
            "image 23 is to be loaded, there are 23 images");
  EXPECT_EQ(create(at::arange(-1, 3, at::kLong)).message(),
            "image -1 is to be loaded, there are 23 images");
}

TEST(Loader, TakesItsSettingsFromASpec) {
  LoadingSettings settings;
  LoaderOptions options;
  SetLoading(settings, &options);
  EXPECT_EQ(options.workers, 2);
  EXPECT_EQ(options.prefetch_bytes, int64_t{256} << 20);
  EXPECT_FALSE(options.skip_unreadable);
  settings.set_workers(0);
  settings.set_prefetch_megabytes(10000);
  settings.set_skip_unreadable(true);
  SetLoading(settings, &options);
  EXPECT_EQ(options.workers, 0);
  EXPECT_EQ(options.prefetch_bytes, int64_t{10000} << 20);
  EXPECT_TRUE(options.skip_unreadable);
}

}  // namespace
}  // namespace pdarts
