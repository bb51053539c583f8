#include "pdarts/runs/torch_file.h"

#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "ATen/ops/empty.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"
#include "caffe2/serialize/inline_container.h"
#include "pdarts/core/little_endian.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/runs/restricted_unpickler.h"
#include "pdarts/runs/stored_zip.h"

namespace pdarts {
namespace {

using Tensors = std::vector<std::pair<std::string, at::Tensor>>;
using caffe2::serialize::PyTorchStreamReader;
using caffe2::serialize::PyTorchStreamWriter;

constexpr char kPickle[] = "data.pkl";
constexpr char kByteOrder[] = "byteorder";

// What reading a file takes at most, beside its records: far more than a state dict needs, whose
// tensors take some ten bytes of memory for each byte that describes them.
constexpr uint64_t kMemoryOfAny = 1 << 20;
constexpr uint64_t kMemoryPerByte = 32;

/// The part of LibTorch's message that is for a user.
std::string Message(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  return of_torch == nullptr ? error.what() : of_torch->what_without_backtrace();
}

/// The beginning of a name, for a message: a file's names can be as long as the file.
absl::string_view Shown(absl::string_view name) { return name.substr(0, 80); }

absl::StatusOr<std::string> ReadRecord(PyTorchStreamReader& reader, const std::string& name) {
  if (!reader.hasRecord(name)) {
    return absl::DataLossError(absl::StrCat("there is no record ", name, " in it"));
  }
  std::string content(reader.getRecordSize(name), '\0');
  reader.getRecord(name, content.data(), content.size());
  return content;
}

/// The dict of tensors, or the one that is the entry `state_dict`.
const PickleValue::Dict* StateDict(const PickleValue& root) {
  const auto* dict = std::get_if<PickleValue::Dict*>(&root.value);
  if (dict == nullptr) return nullptr;
  for (const auto& [key, value] : **dict) {
    const auto* name = std::get_if<absl::string_view>(&key.value);
    const auto* inner = std::get_if<PickleValue::Dict*>(&value.value);
    if (name != nullptr && *name == "state_dict" && inner != nullptr) return *inner;
  }
  return *dict;
}

absl::StatusOr<Tensors> Read(const std::string& path) {
  // Before LibTorch sees the file, since its reader takes the memory that a record asks for.
  PDARTS_ASSIGN_OR_RETURN(const uint64_t file_size, CheckStoredZip(path));
  const uint64_t most_memory = kMemoryOfAny + kMemoryPerByte * file_size;
  PyTorchStreamReader reader(path);
  if (reader.hasRecord(kByteOrder)) {
    PDARTS_ASSIGN_OR_RETURN(const std::string order, ReadRecord(reader, kByteOrder));
    if (order != "little") {
      return absl::InvalidArgumentError(
          absl::StrCat("its byte order is \"", order.substr(0, 16), "\", expected \"little\""));
    }
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string bytes, ReadRecord(reader, kPickle));
  std::map<std::string, at::Tensor, std::less<>> storages;
  uint64_t left_for_storages = file_size;
  const LoadStorage load_storage = [&](absl::string_view key, at::ScalarType dtype,
                                       int64_t elements) -> absl::StatusOr<at::Tensor> {
    const auto known = storages.find(key);
    if (known != storages.end()) {
      if (known->second.scalar_type() == dtype && known->second.numel() == elements) {
        return known->second;
      }
      return absl::DataLossError(absl::StrCat("storage ", Shown(key), " is of two types or sizes"));
    }
    const std::string name = absl::StrCat("data/", key);
    if (!reader.hasRecord(name)) {
      return absl::DataLossError(absl::StrCat("there is no record ", Shown(name), " in it"));
    }
    const uint64_t size = reader.getRecordSize(name);
    const uint64_t width = c10::elementSize(dtype);
    if (elements < 0 || size / width != static_cast<uint64_t>(elements) || size % width != 0) {
      return absl::DataLossError(absl::StrCat("the record ", Shown(name), " has ", size,
                                              " bytes, expected ", elements, " elements of ", width,
                                              " bytes"));
    }
    // LibTorch finds a record by keys that differ, such as in upper and lower case.
    if (size > left_for_storages) {
      return absl::DataLossError("its storages are longer than the file");
    }
    left_for_storages -= size;
    at::Tensor storage = at::empty({elements}, dtype);
    reader.getRecord(name, storage.mutable_data_ptr(), size);
    return storages.emplace(std::string(key), storage).first->second;
  };
  PDARTS_ASSIGN_OR_RETURN(const Pickle pickle, Unpickle(bytes, most_memory, load_storage));
  const PickleValue::Dict* dict = StateDict(pickle.root);
  if (dict == nullptr) {
    return absl::InvalidArgumentError("it holds no dict; expected a module's state_dict()");
  }
  Tensors tensors;
  std::set<absl::string_view> names;
  uint64_t memory = 0;
  for (const auto& [key, value] : *dict) {
    const auto* name = std::get_if<absl::string_view>(&key.value);
    const auto* tensor = std::get_if<at::Tensor>(&value.value);
    if (name == nullptr || tensor == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          name == nullptr ? std::string("a key that is no text")
                          : absl::StrCat("the entry \"", Shown(*name), "\" is no tensor"),
          "; expected a module's state_dict()"));
    }
    if (!names.insert(*name).second) {
      return absl::DataLossError(absl::StrCat("two entries are called ", Shown(*name)));
    }
    // Tensors may share a storage. Whoever copies them takes the memory of each.
    memory += tensor->nbytes();
    if (memory > most_memory) {
      return absl::ResourceExhaustedError(
          absl::StrCat("its tensors share storages and take more than ", most_memory,
                       " bytes if they are copied"));
    }
    tensors.emplace_back(std::string(*name), *tensor);
  }
  return tensors;
}

// --- writing ---

/// Writes a pickle of protocol 2.
class PickleWriter {
 public:
  PickleWriter() : out_("\x80\x02") {}
  void Code(char code) { out_.push_back(code); }
  void Integer(uint64_t value, int bytes) { AppendLittleEndian(value, bytes, &out_); }
  void Int(int64_t value) {
    out_.append("\x8a\x08");
    Integer(static_cast<uint64_t>(value), 8);
  }
  void Text(const std::string& text) {
    Code('X');
    Integer(text.size(), 4);
    out_.append(text);
  }
  void Global(absl::string_view module, absl::string_view name) {
    absl::StrAppend(&out_, "c", module, "\n", name, "\n");
  }
  void Tuple(at::IntArrayRef values) {
    Code('(');
    for (int64_t value : values) Int(value);
    Code('t');
  }
  const std::string& bytes() const { return out_; }

 private:
  std::string out_;
};

absl::StatusOr<std::string> StorageClass(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "FloatStorage";
    case at::kDouble:
      return "DoubleStorage";
    case at::kLong:
      return "LongStorage";
    case at::kByte:
      return "ByteStorage";
    default:
      return absl::InvalidArgumentError("only float32, float64, int64 and uint8 can be written");
  }
}

}  // namespace

absl::StatusOr<Tensors> ReadTorchFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(absl::StrCat("can't read ", path, ": there is no such file"));
  }
  try {
    absl::StatusOr<Tensors> tensors = Read(path);
    if (!tensors.ok()) return Annotate(tensors.status(), path);
    return tensors;
  } catch (const std::exception& thrown) {  // LibTorch reports by throwing
    return absl::DataLossError(
        absl::StrCat(path, ": not a file of torch.save, or damaged: ", Message(thrown)));
  }
}

absl::StatusOr<std::string> EncodeTorchFile(const Tensors& tensors) {
  PickleWriter pickle;
  pickle.Code('}');
  pickle.Code('(');
  std::set<std::string> names;
  std::vector<at::Tensor> storages;
  for (const auto& [name, tensor] : tensors) {
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are called ", name));
    }
    const absl::StatusOr<std::string> storage_class = StorageClass(tensor.scalar_type());
    if (!storage_class.ok()) return Annotate(storage_class.status(), name);
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    pickle.Text(name);
    pickle.Global("torch._utils", "_rebuild_tensor_v2");
    pickle.Code('(');
    pickle.Code('(');
    pickle.Text("storage");
    pickle.Global("torch", *storage_class);
    pickle.Text(absl::StrCat(storages.size()));
    pickle.Text("cpu");
    pickle.Int(plain.numel());
    pickle.Code('t');
    pickle.Code('Q');
    pickle.Int(0);
    pickle.Tuple(plain.sizes());
    pickle.Tuple(plain.strides());
    pickle.Code('\x89');  // requires no gradient
    pickle.Global("collections", "OrderedDict");
    pickle.Code(')');
    pickle.Code('R');  // no hooks
    pickle.Code('t');
    pickle.Code('R');
    storages.push_back(plain);
  }
  pickle.Code('u');
  pickle.Code('.');

  std::string content;
  try {
    PyTorchStreamWriter writer([&](const void* data, size_t size) {
      content.append(static_cast<const char*>(data), size);
      return size;
    });
    const std::string order = "little";
    writer.writeRecord(kPickle, pickle.bytes().data(), pickle.bytes().size());
    writer.writeRecord(kByteOrder, order.data(), order.size());
    for (size_t i = 0; i < storages.size(); ++i) {
      writer.writeRecord(absl::StrCat("data/", i), storages[i].const_data_ptr(),
                         storages[i].nbytes());
    }
    writer.writeEndOfFile();
  } catch (const std::exception& thrown) {
    return absl::InternalError(absl::StrCat("LibTorch: ", Message(thrown)));
  }
  return content;
}

}  // namespace pdarts
