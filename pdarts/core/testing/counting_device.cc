#include "pdarts/core/testing/counting_device.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ATen/CPUGeneratorImpl.h"
#include "ATen/Context.h"
#include "ATen/EmptyTensor.h"
#include "ATen/Parallel.h"
#include "ATen/core/LegacyTypeDispatch.h"
#include "ATen/core/Tensor.h"
#include "ATen/core/dispatch/Dispatcher.h"
#include "ATen/core/ivalue.h"
#include "ATen/detail/PrivateUse1HooksInterface.h"
#include "ATen/ops/_local_scalar_dense.h"
#include "ATen/ops/_reshape_alias_native.h"
#include "ATen/ops/as_strided_native.h"
#include "ATen/ops/set_native.h"
#include "ATen/ops/unfold_native.h"
#include "ATen/ops/view_native.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "c10/core/Allocator.h"
#include "c10/core/DeviceGuard.h"
#include "c10/core/GeneratorImpl.h"
#include "c10/core/impl/DeviceGuardImplInterface.h"
#include "glog/logging.h"
#include "torch/csrc/autograd/function.h"
#include "torch/library.h"

namespace pdarts {
namespace {

using Calls = std::vector<std::function<void()>>;

/// The counters of the device, and the objects that observe its operations. It is never destroyed,
/// because tensors may be freed after the end of main.
struct State {
  std::atomic<int64_t> operations{0};
  std::atomic<int64_t> copies_to_device{0}, bytes_to_device{0};
  std::atomic<int64_t> copies_from_device{0}, bytes_from_device{0};
  std::atomic<int64_t> synchronizations{0};
  std::atomic<int64_t> allocations{0};

  /// Whether `recorded` or `captured` is set.
  std::atomic<bool> is_observed{false};
  std::mutex mutex;  ///< of all below
  std::vector<RecordedOperation>* recorded = nullptr;
  Calls* captured = nullptr;
};

State& Shared() {
  static State* const state = new State;
  return *state;
}

bool IsCapturing() {
  State& state = Shared();
  if (!state.is_observed) return false;
  const std::lock_guard<std::mutex> lock(state.mutex);
  return state.captured != nullptr;
}

/// Counts a wait of the host for the device.
/// \param reason: the end of the message if a graph captures.
void CountSynchronization(const std::string& reason) {
  TORCH_CHECK(!IsCapturing(),
              "a graph captures the counting device, and the host would wait: ", reason);
  ++Shared().synchronizations;
}

// Memory.

/// The memory of the device where the environment variable PDARTS_GUARD_DEVICE_MEMORY is set. It
/// has two addresses. At the addresses of the device's tensors, nobody may read or write, so code
/// of the host that does so ends the program, as on a GPU. Kernels get the other addresses.
class GuardedMemory {
 public:
  /// Null if the memory is not guarded.
  static GuardedMemory* Get() {
    static GuardedMemory* const memory =
        std::getenv("PDARTS_GUARD_DEVICE_MEMORY") == nullptr ? nullptr : new GuardedMemory;
    return memory;
  }

  /// \return null if there is no more.
  void* Take(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<void*>& free = free_[bytes];
    if (!free.empty()) {
      void* const address = free.back();
      free.pop_back();
      return address;
    }
    if (used_ + bytes > kReserved) return nullptr;
    void* const address = guarded_ + used_;
    used_ += bytes;
    return address;
  }
  void GiveBack(void* address, size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_[bytes].push_back(address);
  }

  void* OfKernels(const void* address) const {
    return open_ + (static_cast<const char*>(address) - guarded_);
  }

 private:
  static constexpr size_t kReserved = size_t{1} << 36;  ///< addresses, not memory

  GuardedMemory() {
    const int file = memfd_create("counting_device", MFD_CLOEXEC);
    PCHECK(file >= 0);
    PCHECK(ftruncate(file, static_cast<off_t>(kReserved)) == 0);
    guarded_ = Map(file, PROT_NONE);
    open_ = Map(file, PROT_READ | PROT_WRITE);
    close(file);
  }

  static char* Map(int file, int access) {
    void* const begin =
        mmap(nullptr, kReserved, access, MAP_SHARED | MAP_NORESERVE, file, /*offset=*/0);
    PCHECK(begin != MAP_FAILED);
    return static_cast<char*>(begin);
  }

  char* guarded_ = nullptr;
  char* open_ = nullptr;
  std::mutex mutex_;  ///< of all below
  size_t used_ = 0;
  std::map<size_t, std::vector<void*>> free_;
};

/// Where kernels find what tensors of the device have at an address.
void* OfKernels(const void* address) {
  const GuardedMemory* const memory = GuardedMemory::Get();
  if (memory == nullptr || address == nullptr) return const_cast<void*>(address);
  return memory->OfKernels(address);
}

void* TakeFromSystem(size_t bytes, size_t alignment) {
  if (GuardedMemory* const memory = GuardedMemory::Get()) return memory->Take(bytes);
  return std::aligned_alloc(alignment, bytes);
}

void GiveToSystem(void* address, size_t bytes) {
  if (GuardedMemory* const memory = GuardedMemory::Get()) {
    memory->GiveBack(address, bytes);
  } else {
    std::free(address);
  }
}

/// Hands out blocks of host memory as memory of the device. A freed block is used again for a
/// tensor of the same rounded size, the block with the lowest address first. So a step that begins
/// with the same free blocks as an earlier step gets the same addresses, whatever the order in
/// which the blocks were freed.
class DeviceAllocator final : public c10::Allocator {
 public:
  static DeviceAllocator& Get() {
    static DeviceAllocator* const allocator = new DeviceAllocator;
    return *allocator;
  }

  c10::DataPtr allocate(size_t bytes) override { return Owned(bytes == 0 ? nullptr : Take(bytes)); }
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(OfKernels(to), OfKernels(from), bytes);
  }

  /// The owner of a block from this allocator.
  static c10::DataPtr Owned(void* block) { return {block, block, &Free, CountingDevice()}; }

  /// From now on, new tensors get memory of a new pool, which no other tensor uses.
  int64_t BeginPool() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return pool_ = ++last_pool_;
  }
  void EndPool() {
    const std::lock_guard<std::mutex> lock(mutex_);
    pool_ = kShared;
  }
  /// Makes the blocks of a pool available to all tensors.
  void ReleasePool(int64_t pool) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [address, block] : blocks_) {
      if (block.pool != pool) continue;
      block.pool = kShared;
      if (free_[{pool, block.bytes}].erase(address) > 0)
        free_[{kShared, block.bytes}].insert(address);
    }
  }

  CountingDeviceMemory InUse() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return memory_;
  }
  void ResetPeak() {
    const std::lock_guard<std::mutex> lock(mutex_);
    memory_.peak = memory_.allocated;
  }
  void FreeCached() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [key, addresses] : free_) {
      if (key.first != kShared) continue;
      for (void* const address : addresses) {
        blocks_.erase(address);
        GiveToSystem(address, key.second);
        memory_.reserved -= static_cast<int64_t>(key.second);
      }
      addresses.clear();
    }
  }

 private:
  static constexpr int64_t kShared = 0;  ///< the pool of all tensors outside of captures
  static constexpr size_t kBlock = 512;  ///< sizes are multiples of this

  struct Block {
    size_t bytes;
    int64_t pool;
  };

  void* Take(size_t wanted) {
    const size_t bytes = (wanted + kBlock - 1) / kBlock * kBlock;
    const std::lock_guard<std::mutex> lock(mutex_);
    std::set<void*>& free = free_[{pool_, bytes}];
    void* address = nullptr;
    if (free.empty()) {
      address = TakeFromSystem(bytes, kBlock);
      TORCH_CHECK(address != nullptr, "the counting device has no ", bytes, " bytes");
      blocks_[address] = {bytes, pool_};
      memory_.reserved += static_cast<int64_t>(bytes);
      ++Shared().allocations;
    } else {
      address = *free.begin();
      free.erase(free.begin());
    }
    memory_.allocated += static_cast<int64_t>(bytes);
    memory_.peak = std::max(memory_.peak, memory_.allocated);
    return address;
  }

  static void Free(void* address) {
    if (address != nullptr) Get().GiveBack(address);
  }

  void GiveBack(void* address) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = blocks_.find(address);
    CHECK(found != blocks_.end()) << "no block of the counting device";
    const Block& block = found->second;
    memory_.allocated -= static_cast<int64_t>(block.bytes);
    free_[{block.pool, block.bytes}].insert(address);
  }

  std::mutex mutex_;
  std::unordered_map<void*, Block> blocks_;
  std::map<std::pair<int64_t, size_t>, std::set<void*>> free_;  ///< by pool and size
  int64_t pool_ = kShared, last_pool_ = kShared;
  CountingDeviceMemory memory_;
};

/// The allocator with which kernels of the CPU resize a tensor of the device: it gives memory of
/// the device under the name of the CPU.
class ResizingAllocator final : public c10::Allocator {
 public:
  static ResizingAllocator& Get() {
    static ResizingAllocator* const allocator = new ResizingAllocator;
    return *allocator;
  }

  /// The context is the block of DeviceAllocator.
  c10::DataPtr allocate(size_t bytes) override {
    c10::DataPtr data = DeviceAllocator::Get().allocate(bytes);
    void* const block = data.release_context();
    return {OfKernels(block), block, DeviceAllocator::Get().raw_deleter(), c10::kCPU};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

/// Pinned memory of the host: copies from and to it need no wait.
class PinnedAllocator final : public c10::Allocator {
 public:
  static PinnedAllocator& Get() {
    static PinnedAllocator* const allocator = new PinnedAllocator;
    return *allocator;
  }

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &Free, c10::kCPU};
    constexpr size_t kAlignment = 64;
    void* const block =
        std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
    TORCH_CHECK(block != nullptr, "the host has no ", bytes, " bytes");
    const std::lock_guard<std::mutex> lock(mutex_);
    end_of_[static_cast<const char*>(block)] = static_cast<const char*>(block) + bytes;
    return {block, block, &Free, c10::kCPU};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

  bool Holds(const void* data) {
    const auto* const byte = static_cast<const char*>(data);
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto after = end_of_.upper_bound(byte);
    return after != end_of_.begin() && byte < std::prev(after)->second;
  }

 private:
  static void Free(void* block) {
    if (block == nullptr) return;
    PinnedAllocator& self = Get();
    {
      const std::lock_guard<std::mutex> lock(self.mutex_);
      self.end_of_.erase(static_cast<const char*>(block));
    }
    std::free(block);
  }

  std::mutex mutex_;
  std::map<const char*, const char*> end_of_;  ///< begin -> end of each block
};

// Generators.

/// A generator of the device. It gives the same numbers as a generator of the CPU with the same
/// seed.
class DeviceGenerator final : public c10::GeneratorImpl {
 public:
  explicit DeviceGenerator(at::Generator numbers)
      : c10::GeneratorImpl(CountingDevice(), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)),
        numbers_(std::move(numbers)) {}

  void set_current_seed(uint64_t seed) override { Impl()->set_current_seed(seed); }
  void set_offset(uint64_t offset) override { Impl()->set_offset(offset); }
  uint64_t get_offset() const override { return Impl()->get_offset(); }
  uint64_t current_seed() const override { return Impl()->current_seed(); }
  uint64_t seed() override { return Impl()->seed(); }
  void set_state(const c10::TensorImpl& state) override { Impl()->set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return Impl()->get_state(); }

  const at::Generator& numbers() const { return numbers_; }

 private:
  c10::GeneratorImpl* Impl() const { return numbers_.unsafeGetGeneratorImpl(); }
  DeviceGenerator* clone_impl() const override {
    return new DeviceGenerator(at::Generator(Impl()->clone()));
  }

  at::Generator numbers_;
};

at::Generator NewDeviceGenerator() {
  return at::make_generator<DeviceGenerator>(at::detail::createCPUGenerator());
}

const at::Generator& DefaultDeviceGenerator() {
  static const at::Generator* const generator = new at::Generator(NewDeviceGenerator());
  return *generator;
}

// The functions that LibTorch calls for a device.

void CheckDevice(c10::Device device) {
  TORCH_CHECK(device.type() == c10::DeviceType::PrivateUse1 && device.index() <= 0,
              "there is one counting device, counting:0, not ", device);
}

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(c10::DeviceIndex index) const override {
    CheckDevice({c10::DeviceType::PrivateUse1, index});
  }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override {
    setCurrentDevice(index);
    return 0;
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    return DefaultDeviceGenerator();
  }
  at::Generator getNewGenerator(c10::DeviceIndex) const override { return NewDeviceGenerator(); }
  c10::Device getDeviceFromPtr(void*) const override { return CountingDevice(); }
  bool isPinnedPtr(const void* data) const override { return PinnedAllocator::Get().Holds(data); }
  c10::Allocator* getPinnedMemoryAllocator() const override { return &PinnedAllocator::Get(); }
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const override {
    c10::DataPtr data = DeviceAllocator::Get().allocate(bytes);
    const size_t kept = std::min(bytes, storage.nbytes());
    if (kept > 0) std::memcpy(OfKernels(data.get()), OfKernels(storage.data()), kept);
    storage.set_data_ptr_noswap(std::move(data));
    storage.set_nbytes(bytes);
  }
};

/// One device with one stream. Its work is done when the call of a kernel returns.
struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return c10::DeviceType::PrivateUse1; }
  c10::Device exchangeDevice(c10::Device device) const override {
    CheckDevice(device);
    return CountingDevice();
  }
  c10::Device getDevice() const override { return CountingDevice(); }
  void setDevice(c10::Device device) const override { CheckDevice(device); }
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  c10::DeviceCapability getDeviceCapability(c10::Device) const override { return {}; }

  c10::Stream getStream(c10::Device) const override {
    return c10::Stream(c10::Stream::DEFAULT, CountingDevice());
  }
  c10::Stream getDefaultStream(c10::Device device) const override { return getStream(device); }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override {
    return getStream(device);
  }
  c10::Stream getNewStream(c10::Device device, int) const override { return getStream(device); }
  c10::Stream exchangeStream(c10::Stream) const override { return getStream(CountingDevice()); }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override { CountSynchronization("a stream"); }
  void synchronizeDevice(c10::DeviceIndex) const override { CountSynchronization("the device"); }

  void record(void** event, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {
    if (*event == nullptr) *event = new char;
  }
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void synchronizeEvent(void*) const override { CountSynchronization("an event"); }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override {
    delete static_cast<char*>(event);
  }
};

/// Runs before main, because LibTorch creates the threads of backward passes, one for each device,
/// at the first pass.
[[maybe_unused]] const bool kIsRegistered = [] {
  c10::register_privateuse1_backend("counting");
  c10::SetAllocator(c10::DeviceType::PrivateUse1, &DeviceAllocator::Get());
  c10::impl::registerDeviceGuard(c10::DeviceType::PrivateUse1, new Guard);
  at::RegisterPrivateUse1HooksInterface(new Hooks);
  return true;
}();

// Kernels.

bool IsOnDevice(const at::Tensor& tensor) { return tensor.is_privateuseone(); }

at::Tensor MakeTensor(c10::Storage storage, c10::DispatchKey key, const at::Tensor& like) {
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(key), like.dtype());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(),
                                                      like.storage_offset());
  return tensor;
}

bool HaveSameGeometry(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides() &&
         a.storage_offset() == b.storage_offset();
}

/// Tensors of the CPU in the memory of tensors of the device, for one call of a kernel. Views of
/// the same storage stay views of the same storage.
class HostViews {
 public:
  at::Tensor Of(const at::Tensor& tensor) {
    const auto found = host_of_.find(tensor.unsafeGetTensorImpl());
    if (found != host_of_.end()) return found->second;
    at::Tensor host = MakeTensor(HostStorage(tensor.storage()), c10::DispatchKey::CPU, tensor);
    if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) {
      host.unsafeGetTensorImpl()->set_wrapped_number(true);
    }
    host_of_.emplace(tensor.unsafeGetTensorImpl(), host);
    device_of_.emplace(host.unsafeGetTensorImpl(), tensor);
    return host;
  }

  /// Gives the tensors of the device the shapes and the memory that the kernel gave to the views.
  void TakeOverChanges() {
    for (const auto& [impl, storages] : storages_) {
      const auto& [device, host] = storages;
      if (host.data() == OfKernels(device.data())) continue;
      c10::DataPtr data = host.set_data_ptr(c10::DataPtr(nullptr, c10::kCPU));
      device.set_data_ptr_noswap(DeviceAllocator::Owned(data.release_context()));
      device.set_nbytes(host.nbytes());
    }
    for (const auto& [impl, tensor] : device_of_) {
      const at::Tensor& host = host_of_.at(tensor.unsafeGetTensorImpl());
      if (HaveSameGeometry(host, tensor)) continue;
      tensor.unsafeGetTensorImpl()->set_sizes_and_strides(host.sizes(), host.strides(),
                                                          host.storage_offset());
    }
  }

  /// The tensor of the device for a tensor that the kernel returned: an argument, a view of an
  /// argument, or a new tensor, whose values are copied.
  at::Tensor Result(const at::Tensor& host) {
    if (!host.defined()) return host;
    const auto found = device_of_.find(host.unsafeGetTensorImpl());
    if (found != device_of_.end()) return found->second;
    TORCH_CHECK(host.is_cpu() && host.layout() == c10::kStrided,
                "the counting device has dense tensors only");
    return MakeTensor(DeviceStorage(host.storage()), c10::DispatchKey::PrivateUse1, host);
  }

  /// Memory of the device for the values of a new tensor.
  struct NewMemory {
    const c10::StorageImpl* host;  ///< its address only
    void* address;
    size_t bytes;
  };
  const std::vector<NewMemory>& new_memory() const { return new_memory_; }

 private:
  struct Storages {
    c10::Storage device, host;
  };

  c10::Storage HostStorage(const c10::Storage& device) {
    const auto found = storages_.find(device.unsafeGetStorageImpl());
    if (found != storages_.end()) return found->second.host;
    c10::Storage host(c10::Storage::use_byte_size_t(), device.nbytes(),
                      c10::DataPtr(OfKernels(device.data()), c10::kCPU), &ResizingAllocator::Get(),
                      /*resizable=*/true);
    storages_.emplace(device.unsafeGetStorageImpl(), Storages{device, host});
    device_storage_of_.emplace(host.unsafeGetStorageImpl(), device);
    return host;
  }

  c10::Storage DeviceStorage(const c10::Storage& host) {
    const auto found = device_storage_of_.find(host.unsafeGetStorageImpl());
    if (found != device_storage_of_.end()) return found->second;
    const size_t bytes = host.nbytes();
    c10::Storage device(c10::Storage::use_byte_size_t(), bytes,
                        DeviceAllocator::Get().allocate(bytes), &DeviceAllocator::Get(),
                        /*resizable=*/true);
    if (bytes > 0) std::memcpy(OfKernels(device.data()), host.data(), bytes);
    device_storage_of_.emplace(host.unsafeGetStorageImpl(), device);
    new_memory_.push_back({host.unsafeGetStorageImpl(), device.mutable_data(), bytes});
    return device;
  }

  std::unordered_map<const c10::TensorImpl*, at::Tensor> host_of_, device_of_;
  std::unordered_map<const c10::StorageImpl*, Storages> storages_;  ///< by the device's
  std::unordered_map<const c10::StorageImpl*, c10::Storage> device_storage_of_;  ///< by the host's
  std::vector<NewMemory> new_memory_;
};

/// Calls `body` for each tensor of a value: a tensor, or a list of tensors.
void ForEachTensor(const c10::IValue& value, const std::function<void(const at::Tensor&)>& body) {
  if (value.isTensor()) {
    body(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) body(tensor);
  } else if (value.isOptionalTensorList()) {
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      if (tensor.has_value()) body(*tensor);
    }
  }
}

/// The value with each tensor replaced by the result of `change`.
c10::IValue WithTensors(const c10::IValue& value,
                        const std::function<at::Tensor(const at::Tensor&)>& change) {
  if (value.isTensor()) return change(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> changed;
    for (const at::Tensor& tensor : value.toTensorVector()) changed.push_back(change(tensor));
    return changed;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> changed;
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      changed.push_back(tensor.has_value() ? std::optional(change(*tensor)) : std::nullopt);
    }
    return changed;
  }
  return value;
}

bool HasTensors(const c10::IValue& value) {
  return value.isTensor() || value.isTensorList() || value.isOptionalTensorList();
}

template <typename T>
std::string Text(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

/// Properties of an operator that its schema does not state.
struct Traits {
  /// Whether tensors of the CPU without dimensions are refused.
  bool refuses_host_scalars = false;
  /// Whether indices may lie on the CPU, and whether the copies of these indices still have to be
  /// counted.
  bool takes_host_indices = false, counts_indices = false;
  /// Whether the shape of its result depends on values.
  bool shape_depends_on_values = false;
};

Traits TraitsOf(const std::string& name) {
  static const std::unordered_set<std::string>* const value_shapes =
      new std::unordered_set<std::string>{
          "aten::nonzero",           "aten::masked_select", "aten::_unique",
          "aten::_unique2",          "aten::unique_dim",    "aten::unique_consecutive",
          "aten::repeat_interleave", "aten::bincount",      "aten::unique_dim_consecutive"};
  Traits traits;
  traits.refuses_host_scalars = name.rfind("aten::_foreach", 0) == 0;
  // The shape function of aten::index has copied indices, and found the nonzero elements of masks.
  traits.counts_indices = name == "aten::_index_put_impl_";
  traits.takes_host_indices = traits.counts_indices || name == "aten::index";
  traits.shape_depends_on_values = value_shapes->count(name) > 0;
  return traits;
}

/// Sets the number of threads on a thread of LibTorch's backward passes to the number of the thread
/// that called last. Such a thread otherwise keeps the number from its start, and the results of
/// some kernels depend on this number.
void FollowNumberOfThreads() {
  static std::atomic<int>* const threads = new std::atomic<int>(0);
  const int here = at::get_num_threads();
  if (torch::autograd::get_current_node() == nullptr) {
    *threads = here;
  } else if (const int wanted = *threads; wanted > 0 && wanted != here) {
    at::set_num_threads(wanted);
  }
}

RecordedTensor Recorded(const at::Tensor& tensor) {
  RecordedTensor recorded;
  recorded.sizes = tensor.sizes().vec();
  recorded.strides = tensor.strides().vec();
  recorded.type = tensor.scalar_type();
  recorded.address = tensor.numel() == 0 ? nullptr : tensor.const_data_ptr();
  return recorded;
}

void Append(const c10::IValue& value, RecordedOperation* operation) {
  if (!HasTensors(value)) {
    if (value.isGenerator()) return;
    operation->values.push_back(Text(value));
    return;
  }
  ForEachTensor(value, [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    if (tensor.is_cpu() && tensor.dim() == 0) {
      operation->values.push_back(Text(c10::IValue(tensor.item())));
    } else {
      operation->tensors.push_back(Recorded(tensor));
    }
  });
}

/// Passes the operation to the recording and to the graph, if they exist.
void Observe(const std::function<RecordedOperation()>& record,
             const std::function<std::function<void()>()>& capture) {
  State& state = Shared();
  if (!state.is_observed) return;
  const std::lock_guard<std::mutex> lock(state.mutex);
  if (state.recorded != nullptr) state.recorded->push_back(record());
  if (state.captured != nullptr) state.captured->push_back(capture());
}

/// The call of a kernel with its current arguments, as a graph repeats it. New results are written
/// into the memory that `call` has allocated for them.
std::function<void()> Repeated(const c10::OperatorHandle& op,
                               const std::vector<c10::IValue>& arguments,
                               const std::vector<std::pair<void*, size_t>>& new_memory) {
  HostViews views;
  torch::jit::Stack host;
  for (const c10::IValue& argument : arguments) {
    host.push_back(WithTensors(argument, [&](const at::Tensor& tensor) {
      if (!tensor.defined()) return tensor;
      return IsOnDevice(tensor) ? views.Of(tensor) : tensor.clone();
    }));
  }
  return [op, host, new_memory] {
    torch::jit::Stack stack = host;
    op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
    std::unordered_set<const c10::StorageImpl*> known;
    for (const c10::IValue& argument : host) {
      ForEachTensor(argument, [&](const at::Tensor& tensor) {
        if (tensor.defined()) known.insert(tensor.storage().unsafeGetStorageImpl());
      });
    }
    size_t next = 0;
    for (const c10::IValue& result : stack) {
      ForEachTensor(result, [&](const at::Tensor& tensor) {
        if (!tensor.defined()) return;
        const c10::Storage& storage = tensor.storage();
        if (!known.insert(storage.unsafeGetStorageImpl()).second) return;
        const auto& [address, bytes] = new_memory.at(next++);
        CHECK_EQ(storage.nbytes(), bytes);
        if (bytes > 0) std::memcpy(OfKernels(address), storage.data(), bytes);
      });
    }
  };
}

/// The argument for the kernel of the CPU, from an argument of a call on the device.
c10::IValue HostArgument(const c10::IValue& value, const std::string& name, const Traits& traits,
                         HostViews* views) {
  if (value.isDevice()) return c10::Device(c10::kCPU);
  if (value.isGenerator()) {
    const at::Generator generator = value.toGenerator();
    TORCH_CHECK(generator.device() == CountingDevice(), name,
                ": expected a generator of the device counting:0, not of ", generator.device());
    return static_cast<DeviceGenerator*>(generator.unsafeGetGeneratorImpl())->numbers();
  }
  const bool is_indices = value.isOptionalTensorList() && traits.takes_host_indices;
  return WithTensors(value, [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    if (IsOnDevice(tensor)) {
      const bool is_mask = tensor.scalar_type() == c10::kBool || tensor.scalar_type() == c10::kByte;
      if (is_indices && is_mask && traits.counts_indices) {
        CountSynchronization(name + " with a mask");
      }
      return views->Of(tensor);
    }
    if (tensor.is_cpu() && is_indices) {
      if (traits.counts_indices) {
        CountSynchronization(name + " with indices on the CPU");
        ++Shared().copies_to_device;
        Shared().bytes_to_device += static_cast<int64_t>(tensor.nbytes());
      }
      return tensor;
    }
    TORCH_CHECK(tensor.is_cpu() && tensor.dim() == 0 && !traits.refuses_host_scalars,
                "Expected all tensors to be on the same device, but found at least two devices, ",
                CountingDevice(), " and ", tensor.device(), "! (an argument of ", name, ")");
    return tensor;
  });
}

/// Computes every operator of the device that has no kernel below, with the kernel of the CPU.
void Fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const c10::FunctionSchema& schema = op.schema();
  const std::string& name = schema.name();
  const Traits traits = TraitsOf(name);
  FollowNumberOfThreads();

  HostViews views;
  const size_t begin = stack->size() - schema.arguments().size();
  const bool is_observed = Shared().is_observed;
  std::vector<c10::IValue> arguments;  // of the device
  if (is_observed) arguments.assign(stack->begin() + static_cast<int64_t>(begin), stack->end());
  for (size_t i = 0; i < schema.arguments().size(); ++i) {
    c10::IValue& value = (*stack)[begin + i];
    if (value.isNone() && schema.arguments()[i].name() == "generator") {
      value = DefaultDeviceGenerator();
    }
    value = HostArgument(value, name, traits, &views);
  }
  if (traits.shape_depends_on_values) CountSynchronization("the shape of the result of " + name);
  for (const c10::Argument& result : schema.returns()) {
    const c10::TypeKind kind = result.type()->kind();
    if (kind == c10::TypeKind::NumberType || kind == c10::TypeKind::BoolType ||
        kind == c10::TypeKind::IntType || kind == c10::TypeKind::FloatType) {
      CountSynchronization("the result of " + name);
      ++Shared().copies_from_device;
      ++Shared().bytes_from_device;
    }
  }
  ++Shared().operations;
  {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  }
  views.TakeOverChanges();
  for (size_t i = 0; i < schema.returns().size(); ++i) {
    c10::IValue& value = (*stack)[begin + i];
    value = WithTensors(value, [&](const at::Tensor& tensor) { return views.Result(tensor); });
  }
  if (!is_observed) return;
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  Observe(
      [&] {
        RecordedOperation operation;
        operation.name = Text(op.operator_name());
        for (const c10::IValue& argument : arguments) Append(argument, &operation);
        for (size_t i = begin; i < stack->size(); ++i) {
          if (HasTensors((*stack)[i])) Append((*stack)[i], &operation);
        }
        return operation;
      },
      [&] {
        std::vector<std::pair<void*, size_t>> new_memory;
        for (const HostViews::NewMemory& made : views.new_memory()) {
          new_memory.emplace_back(made.address, made.bytes);
        }
        std::vector<c10::IValue> final_arguments = arguments;
        for (size_t i = 0; i < arguments.size(); ++i) {
          if (arguments[i].isDevice()) final_arguments[i] = c10::Device(c10::kCPU);
          const bool is_generator = schema.arguments()[i].name() == "generator";
          if (!is_generator) continue;
          const at::Generator generator =
              arguments[i].isNone() ? DefaultDeviceGenerator() : arguments[i].toGenerator();
          final_arguments[i] =
              static_cast<DeviceGenerator*>(generator.unsafeGetGeneratorImpl())->numbers();
        }
        return Repeated(op, final_arguments, new_memory);
      });
}

/// Imitates LibTorch's deterministic mode: a GPU fills new memory with a kernel, unless the program
/// disables this.
at::Tensor FilledIfDeterministic(const at::Tensor& tensor) {
  const at::Context& context = at::globalContext();
  if (!context.deterministicAlgorithms() || !context.deterministicFillUninitializedMemory()) {
    return tensor;
  }
  if (tensor.is_floating_point()) return tensor.fill_(std::numeric_limits<double>::quiet_NaN());
  return tensor.fill_(1);
}

at::Tensor Empty(at::IntArrayRef sizes, std::optional<at::ScalarType> type,
                 std::optional<at::Layout>, std::optional<at::Device> device,
                 std::optional<bool> pin_memory, std::optional<at::MemoryFormat> format) {
  if (device.has_value()) CheckDevice(*device);
  TORCH_CHECK(!pin_memory.value_or(false), "only tensors of the CPU can be pinned");
  return FilledIfDeterministic(at::detail::empty_generic(
      sizes, &DeviceAllocator::Get(), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
      c10::dtype_or_default(type), format));
}

at::Tensor EmptyStrided(at::IntArrayRef sizes, at::IntArrayRef strides,
                        std::optional<at::ScalarType> type, std::optional<at::Layout>,
                        std::optional<at::Device> device, std::optional<bool> pin_memory) {
  if (device.has_value()) CheckDevice(*device);
  TORCH_CHECK(!pin_memory.value_or(false), "only tensors of the CPU can be pinned");
  return FilledIfDeterministic(at::detail::empty_strided_generic(
      sizes, strides, &DeviceAllocator::Get(), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
      c10::dtype_or_default(type)));
}

/// A tensor that a graph can keep: a view of the memory of the device, or memory of the host.
at::Tensor OnHost(const at::Tensor& tensor) {
  return IsOnDevice(tensor) ? HostViews().Of(tensor) : tensor;
}

/// Counts a copy between the device and the host.
void CountCopy(bool to_device, int64_t bytes, bool waits) {
  State& state = Shared();
  if (waits) CountSynchronization(to_device ? "a copy to the device" : "a copy from the device");
  ++(to_device ? state.copies_to_device : state.copies_from_device);
  (to_device ? state.bytes_to_device : state.bytes_from_device) += bytes;
}

/// All copies that involve the device.
at::Tensor CopyFrom(const at::Tensor& source, const at::Tensor& target, bool non_blocking) {
  if (target.numel() == 0) return target;
  FollowNumberOfThreads();
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const at::Tensor from = source.sizes() == target.sizes() ? source : source.expand(target.sizes());
  TORCH_CHECK((IsOnDevice(from) || from.is_cpu()) && (IsOnDevice(target) || target.is_cpu()),
              "no copy from ", from.device(), " to ", target.device());
  const bool to_device = !IsOnDevice(from), from_device = !IsOnDevice(target);
  const at::Tensor& host_side = to_device ? from : target;
  const bool waits = (to_device || from_device) &&
                     !(non_blocking && PinnedAllocator::Get().Holds(host_side.storage().data()));
  // As on a GPU, the host converts the type before it sends and after it has received. A kernel
  // reorders elements that are not in the order of the copy.
  const auto bytes =
      target.numel() * static_cast<int64_t>((to_device ? target : from).element_size());
  const at::Tensor& device_side = to_device ? target : from;
  const bool is_in_order =
      device_side.is_contiguous() ||
      (from.strides() == target.strides() && device_side.is_non_overlapping_and_dense());
  const bool needs_kernel = (!to_device && !from_device) || !is_in_order;
  if (to_device || from_device) CountCopy(to_device, bytes, waits);
  if (needs_kernel) ++Shared().operations;

  // A graph keeps the memory of a tensor of the device.
  const at::Tensor host_from = OnHost(from), host_target = OnHost(target);
  host_target.copy_(host_from);
  Observe(
      [&] {
        RecordedOperation operation;
        operation.name = to_device     ? "copy to device"
                         : from_device ? "copy from device"
                                       : "aten::copy_";
        operation.tensors = {Recorded(from), Recorded(target)};
        return operation;
      },
      [&]() -> std::function<void()> {
        return [=] {
          if (to_device || from_device) CountCopy(to_device, bytes, /*waits=*/false);
          host_target.copy_(host_from);
        };
      });
  return target;
}

at::Tensor CopyFromAndResize(const at::Tensor& source, const at::Tensor& target) {
  target.resize_(source.sizes());
  return CopyFrom(source, target, /*non_blocking=*/false);
}

at::Scalar ReadValue(const at::Tensor& tensor) {
  CountCopy(/*to_device=*/false, static_cast<int64_t>(tensor.element_size()), /*waits=*/true);
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  Observe(
      [&] {
        RecordedOperation operation;
        operation.name = "copy from device";
        operation.tensors = {Recorded(tensor)};
        return operation;
      },
      [] { return [] {}; });
  return at::_local_scalar_dense(OnHost(tensor));
}

at::Tensor ZeroTensor(at::IntArrayRef sizes, std::optional<at::ScalarType> type,
                      std::optional<at::Layout> layout, std::optional<at::Device> device,
                      std::optional<bool> pin_memory) {
  return at::zeros(sizes, type, layout, device, pin_memory);
}

/// Lets torch::nn::Module::to move parameters between the CPU and the device.
bool CanTakeDataOf(const at::Tensor& tensor, const at::Tensor& data) {
  return tensor.layout() == c10::kStrided && data.layout() == c10::kStrided;
}

void RecordStream(at::Tensor&, c10::Stream) {}

/// A tensor that grows keeps its values.
const at::Tensor& Resize(const at::Tensor& tensor, at::IntArrayRef sizes,
                         std::optional<at::MemoryFormat> format) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  HostViews views;
  views.Of(tensor).resize_(sizes, format);
  views.TakeOverChanges();
  return tensor;
}

at::Tensor& SetStorage(at::Tensor& tensor, at::Storage storage, int64_t offset,
                       at::IntArrayRef sizes, at::IntArrayRef strides) {
  const size_t bytes =
      strides.data() == nullptr
          ? at::detail::computeStorageNbytesContiguous(sizes, tensor.element_size(), offset)
          : at::detail::computeStorageNbytes(sizes, strides, tensor.element_size(), offset);
  if (bytes > storage.nbytes()) Hooks().resizePrivateUse1Bytes(storage, bytes);
  return at::native::set_storage_cpu_(tensor, std::move(storage), offset, sizes, strides);
}

/// Operators that have a kernel on a GPU, but are composed of other operators by default.
bool HasKernelOnGpus(const std::string& name) {
  static const std::unordered_set<std::string>* const names = new std::unordered_set<std::string>{
      "aten::convolution",       "aten::convolution_backward", "aten::addr",
      "aten::native_layer_norm", "aten::native_group_norm",    "aten::_chunk_cat"};
  return name.rfind("aten::_foreach_", 0) == 0 || names->count(name) > 0;
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&Fallback>());
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", &Empty);
  m.impl("empty_strided", &EmptyStrided);
  m.impl("_copy_from", &CopyFrom);
  m.impl("_copy_from_and_resize", &CopyFromAndResize);
  m.impl("_local_scalar_dense", &ReadValue);
  m.impl("_efficientzerotensor", &ZeroTensor);
  m.impl("_has_compatible_shallow_copy_type", &CanTakeDataOf);
  m.impl("record_stream", &RecordStream);
  // Views and changes of shapes, which need no kernel. LibTorch's functions for the CPU handle the
  // tensors of every device.
  m.impl("view", &at::native::view);
  m.impl("as_strided", &at::native::as_strided_tensorimpl);
  m.impl("_reshape_alias", &at::native::_reshape_alias);
  m.impl("unfold", &at::native::unfold);
  m.impl("resize_", &Resize);
  m.impl("set_.source_Tensor", &at::native::set_tensor_);
  m.impl("set_.source_Storage_storage_offset", &SetStorage);
  for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) {
    // Variants with a result as an argument, except in-place variants, are composed.
    const bool is_out = name.overload_name.find("out") != std::string::npos;
    if (is_out || !HasKernelOnGpus(name.name)) continue;
    m.impl(Text(name).c_str(), torch::CppFunction::makeFromBoxedFunction<&Fallback>());
  }
}

}  // namespace

c10::Device CountingDevice() { return {c10::DeviceType::PrivateUse1, 0}; }

DeviceCounters Counters() {
  const State& state = Shared();
  DeviceCounters counters;
  counters.operations = state.operations;
  counters.copies_to_device = state.copies_to_device;
  counters.bytes_to_device = state.bytes_to_device;
  counters.copies_from_device = state.copies_from_device;
  counters.bytes_from_device = state.bytes_from_device;
  counters.synchronizations = state.synchronizations;
  counters.allocations = state.allocations;
  return counters;
}

void ResetCounters() {
  State& state = Shared();
  state.operations = 0;
  state.copies_to_device = state.bytes_to_device = 0;
  state.copies_from_device = state.bytes_from_device = 0;
  state.synchronizations = 0;
  state.allocations = 0;
}

CountingDeviceMemory DeviceMemoryInUse() { return DeviceAllocator::Get().InUse(); }
void ResetDevicePeak() { DeviceAllocator::Get().ResetPeak(); }
void FreeCachedDeviceMemory() { DeviceAllocator::Get().FreeCached(); }

std::string Describe(const RecordedOperation& operation) {
  const auto tensor_text = [](std::string* out, const RecordedTensor& tensor) {
    absl::StrAppendFormat(out, "%s[%s]@%p", c10::toString(tensor.type),
                          absl::StrJoin(tensor.sizes, ","), tensor.address);
    absl::StrAppend(out, " strides ", absl::StrJoin(tensor.strides, ","));
  };
  return absl::StrCat(operation.name, "(", absl::StrJoin(operation.tensors, "; ", tensor_text),
                      " | ", absl::StrJoin(operation.values, ", "), ")");
}

std::string FirstDifference(const std::vector<RecordedOperation>& a,
                            const std::vector<RecordedOperation>& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    return absl::StrCat("operation ", i, ": ", Describe(a[i]), " and ", Describe(b[i]));
  }
  if (a.size() == b.size()) return "";
  const bool a_is_longer = a.size() > b.size();
  return absl::StrCat(a.size(), " and ", b.size(), " operations; the first of one only: ",
                      Describe(a_is_longer ? a[b.size()] : b[a.size()]));
}

DeviceRecording::DeviceRecording() {
  State& state = Shared();
  const std::lock_guard<std::mutex> lock(state.mutex);
  CHECK(state.recorded == nullptr) << "another recording has not stopped";
  state.recorded = new std::vector<RecordedOperation>;
  state.is_observed = true;
}

DeviceRecording::~DeviceRecording() { Stop(); }

std::vector<RecordedOperation> DeviceRecording::Stop() {
  if (is_stopped_) return {};
  is_stopped_ = true;
  State& state = Shared();
  const std::lock_guard<std::mutex> lock(state.mutex);
  const std::unique_ptr<std::vector<RecordedOperation>> recorded(
      std::exchange(state.recorded, nullptr));
  state.is_observed = state.captured != nullptr;
  return std::move(*recorded);
}

struct CountingGraph::Capture {
  ~Capture() {
    calls.clear();
    if (pool != 0) DeviceAllocator::Get().ReleasePool(pool);
  }

  Calls calls;
  int64_t pool = 0;
};

CountingGraph::CountingGraph() = default;

CountingGraph::~CountingGraph() {
  if (is_capturing_) Abandon();
}

void CountingGraph::CaptureBegin() {
  const auto capture = std::make_shared<Capture>();
  State& state = Shared();
  {
    const std::lock_guard<std::mutex> lock(state.mutex);
    TORCH_CHECK(state.captured == nullptr, "another graph captures the counting device");
    state.captured = &capture->calls;
    state.is_observed = true;
  }
  capture_ = capture;
  is_capturing_ = true;
  capture_->pool = DeviceAllocator::Get().BeginPool();
}

void CountingGraph::CaptureEnd() {
  CHECK(is_capturing_);
  is_capturing_ = false;
  DeviceAllocator::Get().EndPool();
  State& state = Shared();
  const std::lock_guard<std::mutex> lock(state.mutex);
  state.captured = nullptr;
  state.is_observed = state.recorded != nullptr;
}

void CountingGraph::Abandon() {
  CaptureEnd();
  capture_ = nullptr;
}

void CountingGraph::Replay() {
  TORCH_CHECK(capture_ != nullptr && !is_capturing_, "no captured graph");
  ++Shared().operations;
  FollowNumberOfThreads();
  Observe(
      [&] {
        RecordedOperation operation;
        operation.name = "replay of a graph";
        operation.values = {absl::StrCat(size())};
        return operation;
      },
      [&]() -> std::function<void()> {
        return [capture = capture_] {
          for (const auto& call : capture->calls) call();
        };
      });
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  for (const auto& call : capture_->calls) call();
}

size_t CountingGraph::size() const { return capture_ == nullptr ? 0 : capture_->calls.size(); }

}  // namespace pdarts
