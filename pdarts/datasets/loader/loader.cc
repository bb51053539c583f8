#include "pdarts/datasets/loader/loader.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "ATen/ops/empty.h"
#include "ATen/ops/from_blob.h"
#include "ATen/ops/full.h"
#include "ATen/ops/index_select.h"
#include "ATen/ops/randperm.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/core/random.h"
#include "pdarts/core/random_stream.h"
#include "pdarts/core/transform.h"
#include "pdarts/datasets/transforms/plan_runner.h"
#include "pdarts/datasets/transforms/small_image_plans.h"
#include "pdarts/device/operators.h"

namespace pdarts {
namespace {

/// The maximum number of unreadable images that are named.
constexpr size_t kNamed = 20;

/// The part that all batches of an epoch share.
struct Epoch {
  int64_t number;
  at::Tensor order;     ///< `[N]` int64: indices in the source
  RandomStream random;  ///< of the epoch
};

/// A batch that is being made, or this process's share of it.
struct Work {
  std::shared_ptr<const Epoch> epoch;
  int64_t batch = 0;                   ///< of the epoch
  int64_t first = 0;                   ///< position of the batch's first image in the epoch's order
  int64_t images = 0;                  ///< number of images that this process makes
  std::vector<int64_t> positions;      ///< of these images in the epoch's order
  std::vector<BatchPart> parts;        ///< Batch::parts, if all images can be read
  at::Tensor pixels;                   ///< `[N,C,H,W]`
  std::vector<absl::Status> statuses;  ///< of each image
  int64_t taken = 0;                   ///< number of images that a thread makes or has made
  int64_t done = 0;                    ///< number of finished images

  int64_t index(int64_t image) const {
    return epoch->order.const_data_ptr<int64_t>()[positions[image]];
  }
};

/// Uninitialized memory for images `[N,C,H,W]`. LibTorch allocates aligned memory, and then glibc
/// (before 2.38) does not find freed memory of the same size again: batches would need twice the
/// memory. \throw std::bad_alloc
at::Tensor MakePixels(at::IntArrayRef sizes, at::ScalarType dtype) {
  constexpr size_t kAlignment = 64;  // the alignment of LibTorch
  size_t bytes = c10::elementSize(dtype);
  for (const int64_t size : sizes) bytes *= static_cast<size_t>(size);
  size_t room = bytes + kAlignment;
  void* const memory = std::malloc(room);
  if (memory == nullptr) throw std::bad_alloc();
  void* pixels = memory;
  std::align(kAlignment, bytes, pixels, room);
  return at::from_blob(
      pixels, sizes, [memory](void*) { std::free(memory); }, dtype);
}

/// Several tensors that are copied to a device in one copy.
class PackedTensors {
 public:
  /// Reserves memory for a tensor, and returns its number.
  size_t Add(std::vector<int64_t> sizes, at::ScalarType dtype) {
    Part part = {std::move(sizes), dtype, end_, static_cast<int64_t>(c10::elementSize(dtype))};
    for (const int64_t size : part.sizes) part.bytes *= size;
    constexpr int64_t kAlignment = 256;  // for every dtype, and for kernels that load vectors
    end_ += (part.bytes + kAlignment - 1) / kAlignment * kAlignment;
    parts_.push_back(std::move(part));
    return parts_.size() - 1;
  }

  /// Allocates the memory of the host, after the last Add. It is pinned for devices that can copy
  /// pinned memory without the host.
  void Allocate(c10::Device device) {
    const bool is_pinned = device.is_cuda() || device.is_privateuseone();
    memory_ = at::empty({end_}, at::TensorOptions(at::kByte).pinned_memory(is_pinned));
  }
  template <typename T>
  T* data(size_t part) {
    return reinterpret_cast<T*>(memory_.mutable_data_ptr<uint8_t>() + parts_[part].begin);
  }
  /// tensor: on the CPU, with the dtype and the sizes of the part.
  void Set(size_t part, const at::Tensor& tensor) {
    const at::Tensor from = tensor.contiguous();
    CHECK_EQ(static_cast<int64_t>(from.nbytes()), parts_[part].bytes);
    std::memcpy(data<char>(part), from.const_data_ptr(), from.nbytes());
  }

  /// All parts, as views of one block in the memory of the device.
  std::vector<at::Tensor> CopyTo(c10::Device device) const {
    const at::Tensor all = memory_.to(device, /*non_blocking=*/true);
    std::vector<at::Tensor> tensors;
    for (const Part& part : parts_) {
      tensors.push_back(all.narrow(0, part.begin, part.bytes).view(part.dtype).view(part.sizes));
    }
    return tensors;
  }

 private:
  struct Part {
    std::vector<int64_t> sizes;
    at::ScalarType dtype;
    int64_t begin;
    int64_t bytes;
  };

  std::vector<Part> parts_;
  int64_t end_ = 0;
  at::Tensor memory_;
};

/// The position of a loader.
struct Place {
  int64_t epoch = 0;
  int64_t batch = 0;
};

/// For a batch that begins at position `first`: sets the images that this process makes, and its
/// parts.
void SetShare(const LoaderOptions& options, int64_t first, int64_t images, Work* work) {
  const auto add = [work](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work->positions.push_back(i);
  };
  const Communicator& communicator = *options.communicator;
  if (communicator.size() == 1) return add(first, first + images);
  int64_t begin = first;
  for (const int64_t size :
       PartSizes(images, options.part_images > 0 ? options.part_images : images)) {
    BatchPart& part = work->parts.emplace_back();
    part.is_shared = size >= communicator.size();
    const PositionRange share = part.is_shared ? communicator.Share(size) : PositionRange{0, size};
    part.images = share.size();
    part.all_images = size;
    part.first_image = begin + share.begin;
    add(begin + share.begin, begin + share.end);
    begin += size;
  }
}

}  // namespace

std::vector<int64_t> PartSizes(int64_t images, int64_t largest) {
  const int64_t parts = (images + largest - 1) / largest;
  std::vector<int64_t> sizes(static_cast<size_t>(parts), images / parts);
  for (int64_t i = 0; i < images % parts; ++i) ++sizes[static_cast<size_t>(i)];
  return sizes;
}

void SetLoading(const LoadingSettings& settings, LoaderOptions* options) {
  options->workers = settings.workers();
  options->prefetch_bytes = int64_t{settings.prefetch_megabytes()} << 20;
  options->skip_unreadable = settings.skip_unreadable();
}

class Loader::Impl {
 public:
  Impl(std::shared_ptr<const SampleSource> source, at::Tensor indices, Transforms transforms,
       DatasetInfo info, at::ScalarType dtype, LoaderOptions options)
      : source_(std::move(source)),
        memory_(source_->InMemory()),
        indices_(std::move(indices)),
        transforms_(std::move(transforms)),
        info_(std::move(info)),
        dtype_(dtype),
        options_(std::move(options)),
        image_bytes_(int64_t{info_.image.channels} * info_.image.height * info_.image.width *
                     static_cast<int64_t>(c10::elementSize(dtype))),
        small_plans_(info_.image, dtype),
        maker_(*this) {}

  ~Impl() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stops_ = true;
    }
    work_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  const SampleSource& source() const { return *source_; }
  Communicator& communicator() const { return *options_.communicator; }
  int64_t images_per_epoch() const { return indices_.size(0); }
  int64_t batches_per_epoch() const { return NumBatches(images_per_epoch(), options_.batch_size); }
  const Place& place() const { return place_; }
  const Transforms& transforms() const { return transforms_; }
  const DatasetInfo& info() const { return info_; }
  int64_t skipped() const { return skipped_; }

  void Seek(Place place) {
    CHECK(place.epoch >= 0 && place.batch >= 0 && place.batch <= batches_per_epoch())
        << "epoch " << place.epoch << ", batch " << place.batch;
    if (place.batch == batches_per_epoch()) place = {place.epoch + 1, 0};
    if (place.epoch == place_.epoch && place.batch == place_.batch) return;
    place_ = place;
    ForgetAhead();
  }

  absl::StatusOr<Batch> Next() {
    const bool has_workers = !memory_.defined() && options_.workers > 0;
    PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Work> work,
                            has_workers ? Take() : absl::StatusOr<std::shared_ptr<Work>>(Make()));
    return GiveOut(*work);
  }

  absl::StatusOr<Batch> NextOn(c10::Device device) {
    if (device.is_cpu()) return Next();
    if (memory_.defined() && are_small_) {
      const std::shared_ptr<Work> work = Begin(place_, &epoch_);
      PackedTensors packed;
      are_small_ = PackSmall(*work, device, &packed);
      if (are_small_) {
        PDARTS_ASSIGN_OR_RETURN(Batch batch, GiveOut(*work));
        packed.Set(0, batch.labels);
        const std::vector<at::Tensor> parts = packed.CopyTo(device);
        batch.labels = parts[0];
        batch.images = operators::TransformSmallImages(parts[2], parts[1], TableOn(device));
        return batch;
      }  // otherwise, the host transforms this batch and all later ones
    }
    PDARTS_ASSIGN_OR_RETURN(Batch batch, Next());
    PackedTensors packed;
    const size_t labels = packed.Add(batch.labels.sizes().vec(), at::kLong);
    const size_t images = packed.Add(batch.images.sizes().vec(), dtype_);
    packed.Allocate(device);
    packed.Set(labels, batch.labels);
    packed.Set(images, batch.images);
    const std::vector<at::Tensor> parts = packed.CopyTo(device);
    batch.labels = parts[labels];
    batch.images = parts[images];
    return batch;
  }

  /// The transformed image of the source in an epoch: `[C,H,W]`, normalized.
  absl::StatusOr<at::Tensor> ImageOf(int64_t index, int64_t epoch) {
    Work work;
    work.epoch = std::make_shared<Epoch>(
        Epoch{epoch, at::full({1}, index, at::kLong),
              RandomStream(options_.seed, options_.stage, epoch, options_.purpose)});
    work.images = 1;
    work.positions = {0};
    work.pixels = NewPixels(1);
    work.statuses = {maker_.Make(work, 0)};
    if (!work.statuses[0].ok()) return Named(work, 0);
    return work.pixels.select(0, 0);
  }

 private:
  /// Makes images, on one thread.
  class Maker {
   public:
    explicit Maker(const Impl& impl)
        : impl_(impl), runner_(PlanRunner::Make(impl.info_.image, impl.dtype_)) {}

    /// The steps for an image in memory. \error as Transforms::Plan.
    absl::StatusOr<const ImagePlan*> PlanSmall(const Work& work, int64_t image) {
      const ImageShape& shape = impl_.info_.image;
      PDARTS_RETURN_IF_ERROR(Plan(work, work.index(image), shape.height, shape.width));
      return &plan_;
    }

    absl::Status Make(const Work& work, int64_t image) {
      try {
        return TryMake(work, image);
      } catch (const std::bad_alloc&) {
        return absl::ResourceExhaustedError("there is no memory to read it");
      } catch (const std::exception& error) {
        return absl::InternalError(error.what());
      }
    }

   private:
    absl::Status TryMake(const Work& work, int64_t image) {
      const int64_t index = work.index(image);
      // select() is not used, because it counts references that all threads share.
      void* const out = static_cast<char*>(work.pixels.data_ptr()) + image * impl_.image_bytes_;
      const ImageShape& shape = impl_.info_.image;
      if (impl_.memory_.defined()) {
        PDARTS_RETURN_IF_ERROR(Plan(work, index, shape.height, shape.width));
        const int64_t bytes = int64_t{shape.channels} * shape.height * shape.width;
        return runner_->Run(plan_, shape.height, shape.width,
                            impl_.memory_.const_data_ptr<uint8_t>() + index * bytes, out);
      }
      PDARTS_ASSIGN_OR_RETURN(const std::unique_ptr<Sample> sample, impl_.source_->Open(index));
      if (sample->height() < 1 || sample->width() < 1) {
        return absl::InternalError(
            absl::StrCat("it was opened with ", sample->height(), "x", sample->width(), " pixels"));
      }
      PDARTS_RETURN_IF_ERROR(Plan(work, index, sample->height(), sample->width()));
      return runner_->Run(plan_, *sample, out);
    }

    absl::Status Plan(const Work& work, int64_t index, int64_t height, int64_t width) {
      return impl_.transforms_.Plan(impl_.info_, height, width, work.epoch->random, index, &plan_);
    }

    const Impl& impl_;
    const std::unique_ptr<PlanRunner> runner_;
    ImagePlan plan_;
  };

  Place After(const Place& place) const {
    return place.batch + 1 < batches_per_epoch() ? Place{place.epoch, place.batch + 1}
                                                 : Place{place.epoch + 1, 0};
  }

  std::shared_ptr<const Epoch> MakeEpoch(int64_t number) const {
    at::Tensor order = indices_;
    if (options_.shuffle) {
      const uint64_t index =
          static_cast<uint64_t>(options_.stage) << 32 | static_cast<uint64_t>(number);
      const at::Generator generator =
          MakeGenerator(options_.seed, absl::StrCat(options_.purpose, " order"), index);
      order = order.index_select(0, at::randperm(order.size(0), generator, at::kLong));
    }
    return std::make_shared<Epoch>(Epoch{
        number, order, RandomStream(options_.seed, options_.stage, number, options_.purpose)});
  }

  /// Uninitialized memory for images.
  at::Tensor NewPixels(int64_t images) const {
    return MakePixels({images, info_.image.channels, info_.image.height, info_.image.width},
                      dtype_);
  }

  /// Packs memory for the labels (part 0), the transform of each image (part 1), and the bytes of
  /// the images (part 2). Returns false if the device cannot transform the images, or if a
  /// transform has an error, which the host finds again.
  bool PackSmall(const Work& work, c10::Device device, PackedTensors* packed) {
    const ImageShape& shape = info_.image;
    packed->Add({work.images}, at::kLong);
    packed->Add({work.images, operators::kImageNumbers}, at::kInt);
    packed->Add({work.images, shape.channels, shape.height, shape.width}, at::kByte);
    packed->Allocate(device);
    auto* numbers = packed->data<int32_t>(1);
    auto* to = packed->data<uint8_t>(2);
    const int64_t bytes = int64_t{shape.channels} * shape.height * shape.width;
    const auto* const from = memory_.const_data_ptr<uint8_t>();
    for (int64_t i = 0; i < work.images; ++i) {
      const absl::StatusOr<const ImagePlan*> plan = maker_.PlanSmall(work, i);
      if (!plan.ok() || !small_plans_.Write(**plan, numbers)) return false;
      std::memcpy(to, from + work.index(i) * bytes, static_cast<size_t>(bytes));
      numbers += operators::kImageNumbers;
      to += bytes;
    }
    return true;
  }

  /// The normalized values of all bytes, in the memory of the device.
  const at::Tensor& TableOn(c10::Device device) {
    if (!device_table_.defined() || device_table_.device() != device) {
      device_table_ = small_plans_.table().to(device);
    }
    return device_table_;
  }

  /// A batch without its images. epoch: the last used epoch.
  std::shared_ptr<Work> Begin(const Place& place, std::shared_ptr<const Epoch>* epoch) const {
    if (*epoch == nullptr || (*epoch)->number != place.epoch) *epoch = MakeEpoch(place.epoch);
    const auto work = std::make_shared<Work>();
    work->epoch = *epoch;
    work->batch = place.batch;
    work->first = place.batch * options_.batch_size;
    SetShare(options_, work->first, std::min(options_.batch_size, images_per_epoch() - work->first),
             work.get());
    work->images = static_cast<int64_t>(work->positions.size());
    work->statuses.resize(static_cast<size_t>(work->images));
    return work;
  }

  /// Makes the next batch on this thread.
  std::shared_ptr<Work> Make() {
    std::shared_ptr<Work> work = Begin(place_, &epoch_);
    work->pixels = NewPixels(work->images);
    for (int64_t i = 0; i < work->images; ++i) work->statuses[i] = maker_.Make(*work, i);
    return work;
  }

  /// Returns the next batch, which the workers make. \error kResourceExhausted if no thread can be
  /// started.
  absl::StatusOr<std::shared_ptr<Work>> Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    PDARTS_RETURN_IF_ERROR(StartWorkers());
    // The memory is allocated here and not in a worker, so that the caller gets the error if there
    // is too little.
    const int64_t share = NumBatches(options_.batch_size, communicator().size());
    const int64_t ahead = std::clamp<int64_t>(options_.prefetch_bytes / (share * image_bytes_), 1,
                                              batches_per_epoch());
    while (static_cast<int64_t>(begun_.size()) < 1 + ahead &&
           (!options_.one_epoch || ahead_.epoch == place_.epoch)) {
      std::shared_ptr<Work> work = Begin(ahead_, &epoch_);
      work->pixels = NewPixels(work->images);
      begun_.push_back(std::move(work));
      ahead_ = After(ahead_);
    }
    work_.notify_all();
    done_.wait(lock, [this] { return IsDone(*begun_.front()); });
    std::shared_ptr<Work> work = begun_.front();
    begun_.pop_front();
    return work;
  }

  /// The mutex must be held.
  absl::Status StartWorkers() {
    try {
      while (static_cast<int>(workers_.size()) < options_.workers) {
        workers_.emplace_back([this] { RunWorker(); });
      }
    } catch (const std::system_error& error) {
      if (workers_.empty()) {
        return absl::ResourceExhaustedError(
            absl::StrCat("cannot start a thread that reads images: ", error.what()));
      }
    }
    return absl::OkStatus();
  }

  /// Discards the begun batches. A batch on which a worker works is kept until its image is made.
  void ForgetAhead() {
    const std::lock_guard<std::mutex> lock(mutex_);
    begun_.clear();
    ahead_ = place_;
  }

  static bool IsDone(const Work& work) { return work.done == work.images; }

  void RunWorker() {
    Maker maker(*this);
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      std::shared_ptr<Work> work;
      work_.wait(lock, [&] {
        work = stops_ ? nullptr : WithImageToMake();
        return stops_ || work != nullptr;
      });
      if (stops_) return;
      const int64_t image = work->taken++;
      lock.unlock();
      absl::Status status = maker.Make(*work, image);
      lock.lock();
      work->statuses[image] = std::move(status);
      ++work->done;
      if (IsDone(*work)) done_.notify_all();
    }
  }

  /// The earliest batch with an image that no worker makes yet; null if there is none. The mutex
  /// must be held.
  std::shared_ptr<Work> WithImageToMake() const {
    for (const std::shared_ptr<Work>& work : begun_) {
      if (work->taken < work->images) return work;
    }
    return nullptr;
  }

  /// The batch that Next returns.
  absl::StatusOr<Batch> GiveOut(const Work& work) {
    absl::StatusOr<Batch> batch = Finish(work);
    if (communicator().size() > 1 && options_.skip_unreadable) {
      batch = Agree(work, std::move(batch));
    }
    if (batch.ok()) {
      place_ = After(place_);
    } else {
      ForgetAhead();
    }
    return batch;
  }

  /// The finished batch. If unreadable images may be skipped, the batch does not contain them.
  absl::StatusOr<Batch> Finish(const Work& work) {
    std::vector<int64_t> usable;
    for (int64_t i = 0; i < work.images; ++i) {
      const absl::Status& status = work.statuses[i];
      if (status.ok()) {
        usable.push_back(i);
        continue;
      }
      // Only a damaged image is skipped. If memory runs out, a skipped image would change the input
      // of the network.
      const bool is_unreadable = absl::IsDataLoss(status) || absl::IsNotFound(status);
      if (!options_.skip_unreadable || !is_unreadable) return Named(work, i);
    }
    if (usable.empty()) {
      const absl::Status first = Named(work, 0);
      return absl::DataLossError(
          absl::StrCat("none of the ", work.images,
                       " images of a batch can be read; the first one: ", first.message()));
    }
    Batch batch;
    batch.epoch = work.epoch->number;
    batch.first_image = work.parts.empty() ? work.first : work.parts[0].first_image;
    batch.images = work.pixels;
    batch.indices = work.epoch->order.index_select(0, at::tensor(work.positions, at::kLong));
    batch.parts = work.parts;
    if (static_cast<int64_t>(usable.size()) < work.images) {
      TellSkipped(work);
      const at::Tensor rest = at::tensor(usable, at::kLong);
      batch.images = batch.images.index_select(0, rest);
      batch.indices = batch.indices.index_select(0, rest);
      PDARTS_RETURN_IF_ERROR(LeaveOut(work, &batch.parts));
    }
    batch.labels = source_->labels().index_select(0, batch.indices);
    return batch;
  }

  /// Counts the usable images of each part. \error kDataLoss if a part has none.
  absl::Status LeaveOut(const Work& work, std::vector<BatchPart>* parts) const {
    int64_t begin = 0;
    for (BatchPart& part : *parts) {
      const int64_t end = begin + part.images;
      part.images = 0;
      for (int64_t i = begin; i < end; ++i) part.images += work.statuses[i].ok() ? 1 : 0;
      if (part.images == 0) {
        return absl::DataLossError(absl::StrCat("none of the ", end - begin,
                                                " images of this process in a part of a batch can "
                                                "be read; the first one: ",
                                                Named(work, begin).message()));
      }
      begin = end;
    }
    return absl::OkStatus();
  }

  /// Completes the parts of a batch with the counts of all processes, after some processes have
  /// skipped images. \error kUnavailable naming a process that has no batch.
  absl::StatusOr<Batch> Agree(const Work& work, absl::StatusOr<Batch> batch) const {
    const int64_t rank = communicator().rank(), size = communicator().size();
    const auto num_parts = static_cast<int64_t>(work.parts.size());
    // For each part, the number of images of each process; and then for each process, whether it
    // has an error.
    const at::Tensor counts = at::zeros({num_parts + 1, size}, at::kLong);
    auto* const count = counts.mutable_data_ptr<int64_t>();
    for (int64_t p = 0; p < num_parts && batch.ok(); ++p) {
      count[p * size + rank] = batch->parts[p].images;
    }
    count[num_parts * size + rank] = batch.ok() ? 0 : 1;
    PDARTS_RETURN_IF_ERROR(communicator().AllReduce({counts}));
    if (!batch.ok()) return batch;
    for (int64_t r = 0; r < size; ++r) {
      if (count[num_parts * size + r] == 0) continue;
      return absl::UnavailableError(
          absl::StrCat("process ", r, " of ", size, " has an error in its images of a batch"));
    }
    int64_t next = work.first;
    for (int64_t p = 0; p < num_parts; ++p) {
      BatchPart& part = batch->parts[p];
      part.first_image = next;
      part.all_images = part.is_shared ? 0 : part.images;
      for (int64_t r = 0; r < size && part.is_shared; ++r) {
        part.all_images += count[p * size + r];
        if (r < rank) part.first_image += count[p * size + r];
      }
      next += part.all_images;
    }
    batch->first_image = batch->parts[0].first_image;
    return batch;
  }

  /// The status of an image, with its name.
  absl::Status Named(const Work& work, int64_t image) const {
    return Annotate(work.statuses[image], source_->Name(work.index(image)));
  }

  void TellSkipped(const Work& work) {
    for (int64_t i = 0; i < work.images; ++i) {
      if (work.statuses[i].ok()) continue;
      ++skipped_;
      if (told_.size() == kNamed || !told_.insert(work.index(i)).second) continue;
      LOG(WARNING) << TerminalSafe(absl::StrCat(
          "left out: ", Named(work, i).message(),
          told_.size() == kNamed ? "; further images that cannot be read are not named" : ""));
    }
  }

  const std::shared_ptr<const SampleSource> source_;
  const at::Tensor memory_;   ///< undefined if images are read when they are needed
  const at::Tensor indices_;  ///< contiguous
  const Transforms transforms_;
  const DatasetInfo info_;
  const at::ScalarType dtype_;
  const LoaderOptions options_;
  const int64_t image_bytes_;  ///< of a transformed image

  // Members of NextOn.
  bool are_small_ = true;  ///< false if a device cannot transform the images
  SmallImagePlans small_plans_;
  at::Tensor device_table_;  ///< `[C,256]` on the last device

  Maker maker_;  ///< of the calling thread
  Place place_;  ///< of the batch that Next returns next; of the calling thread
  int64_t skipped_ = 0;
  std::set<int64_t> told_;  ///< indices of images that were named

  // The workers share the following members. The mutex protects them.
  std::mutex mutex_;
  std::condition_variable work_;             ///< there may be an image to make
  std::condition_variable done_;             ///< a batch is finished
  Place ahead_;                              ///< of the next batch to begin
  std::deque<std::shared_ptr<Work>> begun_;  ///< begun batches, in order
  std::shared_ptr<const Epoch> epoch_;       ///< of the batch that was begun last
  bool stops_ = false;
  std::vector<std::thread> workers_;  ///< last, as they use the rest
};

absl::StatusOr<std::unique_ptr<Loader>> Loader::Create(std::shared_ptr<const SampleSource> source,
                                                       at::Tensor indices, Transforms transforms,
                                                       DatasetInfo info, at::ScalarType dtype,
                                                       LoaderOptions options) {
  CHECK(source != nullptr);
  CHECK(indices.defined() && indices.scalar_type() == at::kLong && indices.dim() == 1);
  CHECK_GT(options.batch_size, 0);
  CHECK_EQ(static_cast<int>(info.mean.size()), info.image.channels);
  CHECK_EQ(static_cast<int>(info.deviation.size()), info.image.channels);
  if (indices.size(0) == 0) {
    return absl::InvalidArgumentError("there are no images to load");
  }
  if (const at::Tensor images = source->InMemory(); images.defined()) {
    CHECK(images.is_contiguous() && images.scalar_type() == at::kByte && images.dim() == 4 &&
          images.size(1) == info.image.channels && images.size(2) == info.image.height &&
          images.size(3) == info.image.width)
        << "images " << images.sizes();
  }
  const auto first = indices.min().item<int64_t>(), last = indices.max().item<int64_t>();
  if (first < 0 || last >= source->size()) {
    return absl::InvalidArgumentError(absl::StrCat("image ", first < 0 ? first : last,
                                                   " is to be loaded, there are ", source->size(),
                                                   " images"));
  }
  return std::unique_ptr<Loader>(new Loader(
      std::make_unique<Impl>(std::move(source), indices.contiguous(), std::move(transforms),
                             std::move(info), dtype, std::move(options))));
}

Loader::Loader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loader::~Loader() = default;

const SampleSource& Loader::source() const { return impl_->source(); }
const ImageShape& Loader::image() const { return impl_->info().image; }
int64_t Loader::images_per_epoch() const { return impl_->images_per_epoch(); }
int64_t Loader::batches_per_epoch() const { return impl_->batches_per_epoch(); }
Communicator& Loader::communicator() const { return impl_->communicator(); }
void Loader::Seek(int64_t epoch, int64_t batch) { impl_->Seek({epoch, batch}); }
int64_t Loader::epoch() const { return impl_->place().epoch; }
int64_t Loader::next_batch() const { return impl_->place().batch; }
absl::StatusOr<Batch> Loader::Next() { return impl_->Next(); }
absl::StatusOr<Batch> Loader::NextOn(c10::Device device) { return impl_->NextOn(device); }

absl::StatusOr<BatchPixels> Loader::NextPixels() {
  PDARTS_ASSIGN_OR_RETURN(const Batch batch, Next());
  PDARTS_ASSIGN_OR_RETURN(at::Tensor pixels, Pixels(batch.images));
  return BatchPixels{std::move(pixels), batch.indices};
}

absl::StatusOr<at::Tensor> Loader::Pixels(const at::Tensor& images) const {
  PDARTS_ASSIGN_OR_RETURN(const Transforms::Normalization normalization,
                          impl_->transforms().FindNormalization(impl_->info()));
  const auto of_channels = [](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).view({-1, 1, 1});
  };
  return images.to(at::kDouble)
      .mul(of_channels(normalization.deviation))
      .add(of_channels(normalization.mean))
      .mul(255)
      .round()
      .clamp(0, 255)
      .to(at::kByte);
}

absl::StatusOr<at::Tensor> Loader::PixelsOf(int64_t index, int64_t epoch) {
  PDARTS_ASSIGN_OR_RETURN(const at::Tensor image, impl_->ImageOf(index, epoch));
  return Pixels(image);
}

int64_t Loader::skipped() const { return impl_->skipped(); }

}  // namespace pdarts
