#include "pdarts/weights/torch_file.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"
#include "caffe2/serialize/inline_container.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/weights/element_types.h"
#include "pdarts/weights/restricted_unpickler.h"
#include "pdarts/weights/state_dict.h"
#include "pdarts/weights/stored_zip.h"
#include "pdarts/weights/torch_storages.h"

namespace pdarts {
namespace {

using caffe2::serialize::PyTorchStreamReader;
using caffe2::serialize::PyTorchStreamWriter;

constexpr char kPickle[] = "data.pkl";
constexpr char kByteOrder[] = "byteorder";

/// The part of LibTorch's message that helps a user.
std::string Message(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  return of_torch == nullptr ? error.what() : of_torch->what_without_backtrace();
}

absl::StatusOr<std::string> ReadRecord(PyTorchStreamReader& reader, const std::string& name) {
  if (!reader.hasRecord(name)) {
    return absl::DataLossError(absl::StrCat("there is no record ", name, " in it"));
  }
  std::string content(reader.getRecordSize(name), '\0');
  reader.getRecord(name, content.data(), content.size());
  return content;
}

/// The size of a zip archive, after a check that torch.save can have written the archive.
/// \error as ReadStoredZip; kInvalidArgument saying what the archive is if torch.save did not write
/// it.
absl::StatusOr<uint64_t> CheckArchive(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const StoredZip zip, ReadStoredZip(path));
  const auto ends = [](absl::string_view ending) {
    return [ending](const std::string& name) { return absl::EndsWith(name, ending); };
  };
  const std::vector<std::string>& names = zip.names;
  if (std::any_of(names.begin(), names.end(), ends("/data.pkl"))) return zip.file_size;
  std::string what = "an empty zip archive";
  if (!names.empty()) {
    what = std::all_of(names.begin(), names.end(), ends(".npy"))
               ? "an archive of NumPy arrays (.npz)"
               : absl::StrCat("a zip archive with ", ShownName(names[0]));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what, ", not a file of torch.save, which holds data.pkl"));
}

absl::StatusOr<WeightsFile> Read(const std::string& path) {
  // This check comes before LibTorch reads the file, because LibTorch's reader allocates the memory
  // that a record claims to need.
  PDARTS_ASSIGN_OR_RETURN(const uint64_t file_size, CheckArchive(path));
  const uint64_t most_memory = MostPickleMemory(file_size);
  PyTorchStreamReader reader(path);
  if (reader.hasRecord(kByteOrder)) {
    PDARTS_ASSIGN_OR_RETURN(const std::string order, ReadRecord(reader, kByteOrder));
    if (order != "little") {
      return absl::InvalidArgumentError(
          absl::StrCat("its byte order is \"", order.substr(0, 16), "\", expected \"little\""));
    }
  }
  PDARTS_ASSIGN_OR_RETURN(const std::string bytes, ReadRecord(reader, kPickle));
  TorchStorages storages(file_size);
  const LoadStorage load_storage = [&](absl::string_view key, at::ScalarType dtype,
                                       int64_t elements) -> absl::StatusOr<at::Tensor> {
    bool is_new;
    PDARTS_ASSIGN_OR_RETURN(const TorchStorage* storage,
                            storages.Get(key, dtype, elements, &is_new));
    if (!is_new || !storage->data.defined()) return storage->data;
    const std::string name = absl::StrCat("data/", key);
    if (!reader.hasRecord(name)) {
      return absl::DataLossError(absl::StrCat("there is no record ", ShownName(name), " in it"));
    }
    const uint64_t size = reader.getRecordSize(name);
    if (size != storage->bytes()) {
      return absl::DataLossError(absl::StrCat("the record ", ShownName(name), " has ", size,
                                              " bytes, expected ", storage->bytes()));
    }
    reader.getRecord(name, storage->data.mutable_data_ptr(), size);
    return storage->data;
  };
  absl::string_view left = bytes;
  PDARTS_ASSIGN_OR_RETURN(const Pickle pickle, Unpickle(&left, most_memory, load_storage));
  return FindStateDict(pickle, most_memory);
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
  /// Writes an empty OrderedDict.
  void OrderedDict() {
    Global("collections", "OrderedDict");
    Code(')');
    Code('R');
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

}  // namespace

absl::StatusOr<WeightsFile> ReadTorchFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": there is no such file"));
  }
  try {
    absl::StatusOr<WeightsFile> file = Read(path);
    if (!file.ok()) return Annotate(file.status(), path);
    return file;
  } catch (const std::exception& thrown) {  // LibTorch reports errors as exceptions
    return absl::DataLossError(
        absl::StrCat(path, ": not a file of torch.save, or damaged: ", Message(thrown)));
  }
}

absl::StatusOr<std::string> EncodeTorchFile(const NamedTensors& tensors,
                                            const WeightsMetadata& metadata) {
  PickleWriter pickle;
  pickle.OrderedDict();
  pickle.Code('(');
  std::set<std::string> names;
  std::vector<at::Tensor> storages;
  for (const auto& [name, tensor] : tensors) {
    if (!names.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are called ", name));
    }
    const absl::StatusOr<ElementType> type = ElementTypeOf(tensor);
    if (!type.ok()) return Annotate(type.status(), name);
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    pickle.Text(name);
    pickle.Global("torch._utils", "_rebuild_tensor_v2");
    pickle.Code('(');
    pickle.Code('(');
    pickle.Text("storage");
    pickle.Global("torch", type->torch_storage);
    pickle.Text(absl::StrCat(storages.size()));
    pickle.Text("cpu");
    pickle.Int(plain.numel());
    pickle.Code('t');
    pickle.Code('Q');
    pickle.Int(0);
    pickle.Tuple(plain.sizes());
    pickle.Tuple(plain.strides());
    pickle.Code('\x89');   // requires no gradient
    pickle.OrderedDict();  // no hooks
    pickle.Code('t');
    pickle.Code('R');
    storages.push_back(plain);
  }
  pickle.Code('u');
  if (!metadata.empty()) {  // an attribute of the dict, because all entries are tensors
    pickle.Code('}');
    pickle.Text(kMetadataAttribute);
    pickle.Code('}');
    pickle.Code('(');
    for (const auto& [key, value] : metadata) {
      pickle.Text(key);
      pickle.Text(value);
    }
    pickle.Code('u');
    pickle.Code('s');
    pickle.Code('b');
  }
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
