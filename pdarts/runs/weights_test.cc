#include "pdarts/runs/weights.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "ATen/ops/arange.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "caffe2/serialize/inline_container.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/core/little_endian.h"
#include "pdarts/core/system_calls_testing.h"
#include "pdarts/runs/safetensors.h"
#include "pdarts/runs/torch_file.h"
#include "torch/nn/module.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Path(const std::string& name) { return ::testing::TempDir() + "/" + name; }

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string WriteBytes(const std::string& name, const std::string& content) {
  std::ofstream(Path(name), std::ios::binary) << content;
  return Path(name);
}

NamedTensors SomeTensors() {
  return {{"a.weight", at::randn({2, 3, 1, 1})},
          {"a.bias", at::randn({3}, at::kDouble)},
          {"count", at::arange(5, at::kLong)},
          {"empty", at::zeros({0, 4})},
          {"scalar", at::randn({})}};
}

void ExpectSame(const NamedTensors& got, const NamedTensors& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    bool found = false;
    for (const auto& [other, value] : got) {
      if (other != name) continue;
      found = true;
      EXPECT_EQ(value.scalar_type(), tensor.scalar_type()) << name;
      EXPECT_TRUE(value.equal(tensor)) << name;
    }
    EXPECT_TRUE(found) << name;
  }
}

class Weights : public ::testing::TestWithParam<const char*> {};

TEST_P(Weights, AreReadAsTheyWereWritten) {
  const std::string path = Path(absl::StrCat("round", GetParam()));
  const NamedTensors tensors = SomeTensors();
  ASSERT_TRUE(WriteWeights(path, tensors).ok());
  const auto read = ReadWeights(path);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(*read, tensors);
}

/// However much of the file is cut off, that is an error that names it.
TEST_P(Weights, TruncatedAnywhereAreAnError) {
  const std::string path = Path(absl::StrCat("whole", GetParam()));
  ASSERT_TRUE(WriteWeights(path, SomeTensors()).ok());
  const std::string whole = Content(path);
  for (size_t size = 0; size < whole.size(); size += size < 64 ? 1 : 13) {
    const std::string cut = WriteBytes(absl::StrCat("cut", GetParam()), whole.substr(0, size));
    const auto read = ReadWeights(cut);
    ASSERT_FALSE(read.ok()) << size << " of " << whole.size();
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(cut));
  }
}

/// One damaged byte gives an error or tensors, but never a crash.
TEST_P(Weights, DamagedAnywhereNeverCrash) {
  const std::string path = Path(absl::StrCat("sound", GetParam()));
  ASSERT_TRUE(WriteWeights(path, SomeTensors()).ok());
  const std::string sound = Content(path);
  int errors = 0;
  for (size_t i = 0; i < sound.size(); i += 5) {
    for (char flip : {'\x01', '\x80', '\xff'}) {
      std::string damaged = sound;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      errors += !ReadWeights(WriteBytes(absl::StrCat("damaged", GetParam()), damaged)).ok();
    }
  }
  EXPECT_GT(errors, 100);
}

TEST_P(Weights, MissingFilesAreAnError) {
  EXPECT_EQ(ReadWeights(Path(absl::StrCat("none", GetParam()))).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(ReadWeights(::testing::TempDir()).ok());
}

INSTANTIATE_TEST_SUITE_P(Formats, Weights, ::testing::Values(".safetensors", ".pt"),
                         [](const auto& info) { return std::string(info.param).substr(1); });

TEST(ReadWeights, AnErrorOfTheDiskIsNoDamage) {
  const std::string path = Path("disk.safetensors");
  ASSERT_TRUE(WriteWeights(path, SomeTensors()).ok());
  const size_t size = std::filesystem::file_size(path);
  for (const size_t bytes : {size_t{0}, size_t{20}, size - 1}) {
    const FailingReads failing("/disk.safetensors", EIO, bytes);
    const absl::Status status = ReadWeights(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnknown) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("can't read " + path));
  }
  EXPECT_TRUE(ReadWeights(path).ok());
}

TEST(ReadWeights, WaitsForNoPipe) {
  const std::string path = Path("pipe.safetensors");
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(std::string(ReadWeights(path).status().message()),
              HasSubstr("it is not a regular file"));
}

TEST(WriteWeights, WantsAKnownEnding) {
  EXPECT_THAT(std::string(WriteWeights(Path("a.onnx"), {}).message()), HasSubstr(".safetensors"));
}

// --- safetensors by hand ---

std::string SafetensorsError(const std::string& header, const std::string& data) {
  std::string file;
  for (int shift = 0; shift < 64; shift += 8) {
    file.push_back(static_cast<char>(static_cast<uint64_t>(header.size()) >> shift & 0xff));
  }
  const auto read = ReadSafetensors(WriteBytes("hand.safetensors", file + header + data));
  return std::string(read.status().message());
}

std::string Entry(const std::string& name, const std::string& shape, int begin, int end) {
  return absl::StrCat("\"", name, "\":{\"dtype\":\"F32\",\"shape\":[", shape,
                      "],\"data_offsets\":[", begin, ",", end, "]}");
}

TEST(ReadSafetensors, ReadsWhatFits) {
  EXPECT_EQ(SafetensorsError(absl::StrCat("{", Entry("a", "2", 0, 8), "}"), std::string(8, 'x')),
            "");
}

TEST(ReadSafetensors, RefusesOffsetsThatOverlapLeaveGapsOrLie) {
  const std::string data(8, 'x');
  EXPECT_THAT(SafetensorsError(
                  absl::StrCat("{", Entry("a", "1", 0, 4), ",", Entry("b", "1", 0, 4), "}"), data),
              HasSubstr("overlap"));
  EXPECT_THAT(SafetensorsError(absl::StrCat("{", Entry("a", "1", 4, 8), "}"), data),
              HasSubstr("leave a gap"));
  EXPECT_THAT(SafetensorsError(absl::StrCat("{", Entry("a", "3", 0, 8), "}"), data),
              HasSubstr("takes 12 bytes"));
  EXPECT_THAT(SafetensorsError(absl::StrCat("{", Entry("a", "4", 0, 16), "}"), data),
              HasSubstr("has 8 bytes of data, its header says 16"));
  EXPECT_THAT(SafetensorsError(absl::StrCat("{", Entry("a", "-2", 0, 8), "}"), data),
              HasSubstr("shape"));
  EXPECT_THAT(SafetensorsError(absl::StrCat("{", Entry("a", "1.5", 0, 8), "}"), data),
              HasSubstr("shape"));
  EXPECT_THAT(
      SafetensorsError(absl::StrCat("{", Entry("a", "4294967296,4294967296,4294967296", 0, 8), "}"),
                       data),
      HasSubstr("too large"));
  // No elements, but strides that LibTorch can't compute.
  EXPECT_THAT(
      SafetensorsError(
          absl::StrCat("{", Entry("a", "0,9007199254740992,9007199254740992", 0, 0), "}"), ""),
      HasSubstr("its shape [0,9007199254740992,9007199254740992] is too large"));
  EXPECT_THAT(SafetensorsError(absl::StrCat("{", Entry("a", "2", 8, 0), "}"), data),
              HasSubstr("data_offsets"));
  EXPECT_THAT(SafetensorsError("{\"a\":3}", data), HasSubstr("no object"));
  EXPECT_THAT(SafetensorsError("[]", data), HasSubstr("no JSON object"));
  EXPECT_THAT(SafetensorsError("{\"a\":", data), HasSubstr("no JSON object"));
}

// --- pickles by hand ---

std::string TorchFileError(const std::string& pickle) {
  std::string content;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, size_t size) {
    content.append(static_cast<const char*>(data), size);
    return size;
  });
  writer.writeRecord("data.pkl", pickle.data(), pickle.size());
  writer.writeRecord("data/0", "12345678", 8);
  writer.writeEndOfFile();
  return std::string(ReadTorchFile(WriteBytes("hand.pt", content)).status().message());
}

/// {'w': _rebuild_tensor_v2(storage of two floats, offset, sizes, strides)}.
std::string TensorPickle(const std::string& offset, const std::string& sizes,
                         const std::string& strides) {
  using std::string_literals::operator""s;
  return "\x80\x02}X\x01\0\0\0w"s + "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"s +
         "ctorch\nFloatStorage\nX\x01\0\0\0"s + "0X\x03\0\0\0"s + "cpuK\x02tQ"s + offset + sizes +
         strides + "\x89)tRs."s;
}

TEST(ReadTorchFile, ReadsATensorByHand) {
  EXPECT_EQ(TorchFileError(TensorPickle("K\x01", "K\x01\x85", "K\x01\x85")), "");
}

TEST(ReadTorchFile, RefusesTensorsBeyondTheirStorage) {
  using std::string_literals::operator""s;
  EXPECT_THAT(TorchFileError(TensorPickle("K\x01", "K\x02\x85", "K\x01\x85")),
              HasSubstr("beyond its storage"));
  EXPECT_THAT(TorchFileError(TensorPickle("K\x02", "K\x01\x85", "K\x01\x85")),
              HasSubstr("beyond its storage"));
  // A stride of 0 would make of eight bytes as much memory as one likes.
  EXPECT_THAT(TorchFileError(TensorPickle("K\0"s, "J\xff\xff\xff\x7f\x85", "K\0\x85"s)),
              HasSubstr("beyond its storage"));
  EXPECT_THAT(TorchFileError(TensorPickle("J\xff\xff\xff\xff", "K\x01\x85", "K\x01\x85")),
              HasSubstr("storage"));
}

TEST(ReadTorchFile, CallsNothing) {
  using std::string_literals::operator""s;
  EXPECT_THAT(TorchFileError("\x80\x02"
                             "cos\nsystem\nX\x02\0\0\0ls\x85R."s),
              AllOf(HasSubstr("os.system"), HasSubstr("nothing of it was executed")));
  EXPECT_THAT(TorchFileError("\x80\x02"
                             "cbuiltins\neval\n."),
              HasSubstr("builtins.eval"));
  EXPECT_THAT(TorchFileError("\x80\x02"
                             "i__main__\nA\n."),
              HasSubstr("operation 0x69"));
}

TEST(ReadTorchFile, RefusesWhatIsNoStateDict) {
  EXPECT_THAT(TorchFileError("\x80\x02]."), HasSubstr("holds no dict"));
  EXPECT_THAT(TorchFileError("\x80\x02}K\x01K\x02s."), HasSubstr("state_dict()"));
  EXPECT_THAT(TorchFileError("\x80\x02}K\x01"), HasSubstr("ends too early"));
  EXPECT_THAT(TorchFileError("\x80\x02."), HasSubstr("stack is empty"));
}

/// A tuple in a tuple in a tuple, and a list in itself.
TEST(ReadTorchFile, DepthAndCyclesAreNoProblem) {
  EXPECT_THAT(TorchFileError("\x80\x02)" + std::string(1 << 12, '\x85') + "."),
              HasSubstr("holds no dict"));
  EXPECT_THAT(TorchFileError("\x80\x02)" + std::string(1 << 20, '\x85') + "."),
              HasSubstr("bytes of memory"));
  EXPECT_THAT(TorchFileError("\x80\x02]q\x01h\x01"
                             "a."),
              HasSubstr("holds no dict"));
}

/// Kilobytes of memory that the process has held at most.
int64_t PeakKilobytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// A pickle that pushes `value` and remembers it, and recalls it `times` times.
std::string Recalled(const std::string& value, int times) {
  std::string pickle = "\x80\x02(" + value + "q\x01";
  for (int i = 0; i < times; ++i) pickle += "h\x01";
  return pickle + "l.";
}

/// A long text that is in many places is one text in memory: here 500 MB otherwise.
TEST(ReadTorchFile, ATextThatIsRecalledTakesNoMemoryAnew) {
  std::string text = "X";
  AppendLittleEndian(100000, 4, &text);
  text += std::string(100000, 'x');
  const int64_t before = PeakKilobytes();
  EXPECT_THAT(TorchFileError(Recalled(text, 5000)), HasSubstr("operation 0x6c"));
  EXPECT_LT(PeakKilobytes() - before, 100000);
}

TEST(ReadTorchFile, MemoryIsBoundedByTheFilesSize) {
  const int64_t before = PeakKilobytes();
  // What takes one byte of the file, and more in memory: lists, dicts, marks, values, entries of
  // the memo.
  for (const char* code : {"]", "}", ")", "(", "N", "\x94"}) {
    std::string pickle = "\x80\x02K\x01q\x01";
    for (int i = 0; i < 1000000; ++i) pickle += code;
    EXPECT_THAT(TorchFileError(pickle + "."), HasSubstr("bytes of memory")) << code;
  }
  EXPECT_LT(PeakKilobytes() - before, 400000);
}

/// A pickle of {'w': tensor} over the storage `key` of 10,000 floats, up to the tensor.
std::string LongTensorPickle(const std::string& key) {
  using std::string_literals::operator""s;
  const std::string count = "J\x10\x27\0\0"s;
  return "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"s +
         "ctorch\nFloatStorage\nX\x01\0\0\0"s + key + "X\x03\0\0\0cpu"s + count + "tQK\0"s + count +
         "\x85K\x01\x85\x89)tR"s;
}

/// What reading this pickle says, with a record of 10,000 floats that is called "a".
absl::Status ReadWithLongRecord(const std::string& pickle) {
  std::string content;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, size_t size) {
    content.append(static_cast<const char*>(data), size);
    return size;
  });
  const std::vector<float> floats(10000);
  writer.writeRecord("data.pkl", pickle.data(), pickle.size());
  writer.writeRecord("data/a", floats.data(), floats.size() * sizeof(float));
  writer.writeEndOfFile();
  return ReadTorchFile(WriteBytes("long.pt", content)).status();
}

TEST(ReadTorchFile, TensorsThatShareAStorageAreCounted) {
  using std::string_literals::operator""s;
  const auto pickle = [&](int times) {
    std::string text = "\x80\x02}(X\x01\0\0\0w"s + LongTensorPickle("a") + "q\x01"s;
    for (int i = 0; i < times; ++i) {
      text += "X\x04\0\0\0"s + absl::StrCat(i + 1000) + "h\x01";
    }
    return text + "u.";
  };
  EXPECT_TRUE(ReadWithLongRecord(pickle(10)).ok());
  const absl::Status status = ReadWithLongRecord(pickle(1000));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("share storages"));
}

/// LibTorch finds a record in upper and lower case.
TEST(ReadTorchFile, ARecordThatIsReadUnderTwoNamesIsCountedTwice) {
  using std::string_literals::operator""s;
  const std::string both = "\x80\x02}(X\x01\0\0\0v"s + LongTensorPickle("a") + "X\x01\0\0\0w"s +
                           LongTensorPickle("A") + "u."s;
  EXPECT_THAT(std::string(ReadWithLongRecord(both).message()),
              AnyOf(HasSubstr("its storages are longer than the file"),
                    HasSubstr("there is no record data/A")));
}

// --- zip files by hand ---

std::string CompressedFileError() {
  std::string content;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, size_t size) {
    content.append(static_cast<const char*>(data), size);
    return size;
  });
  const std::string zeros(1000000, '\0');
  writer.writeRecord("data.pkl", zeros.data(), zeros.size(), /*compress=*/true);
  writer.writeEndOfFile();
  EXPECT_LT(content.size(), 10000u);
  return std::string(ReadTorchFile(WriteBytes("small.pt", content)).status().message());
}

TEST(ReadTorchFile, RefusesCompressedRecords) {
  EXPECT_THAT(CompressedFileError(), HasSubstr("a record is compressed"));
}

/// A zip file whose entries are all the same record of `length` zeros.
std::string OverlappingZip(int entries, int length) {
  const std::string name = "a/data.pkl";
  std::string zip = "PK\x03\x04";
  zip.append(14, '\0');  // version, flags, stored, time, checksum
  for (const int size : {length, length}) AppendLittleEndian(size, 4, &zip);
  AppendLittleEndian(name.size(), 4, &zip);
  zip += name + std::string(length, '\0');
  const size_t directory = zip.size();
  for (int i = 0; i < entries; ++i) {
    zip += "PK\x01\x02";
    zip.append(16, '\0');
    for (const int size : {length, length}) AppendLittleEndian(size, 4, &zip);
    AppendLittleEndian(name.size(), 4, &zip);
    zip.append(14, '\0');  // comment, attributes, offset
    zip += name;
  }
  const size_t end = zip.size();
  zip += "PK\x05\x06";
  zip.append(4, '\0');
  for (const int count : {entries, entries}) AppendLittleEndian(count, 2, &zip);
  AppendLittleEndian(end - directory, 4, &zip);
  AppendLittleEndian(directory, 4, &zip);
  return zip + std::string(2, '\0');
}

TEST(ReadTorchFile, RefusesRecordsThatShareTheirBytes) {
  const auto says = [](int entries) {
    const std::string file = WriteBytes("overlapping.pt", OverlappingZip(entries, 1000));
    return std::string(ReadTorchFile(file).status().message());
  };
  EXPECT_THAT(says(2), HasSubstr("its records are longer than the file"));
  EXPECT_THAT(says(1), Not(HasSubstr("its records are longer than the file")));
}

// --- loading ---

class Two : public torch::nn::Module {
 public:
  Two() {
    weight = register_parameter("weight", at::zeros({2, 3}));
    mean = register_buffer("mean", at::zeros({3}));
  }
  at::Tensor weight, mean;
};

TEST(LoadWeights, CopiesParametersAndBuffers) {
  Two two;
  const at::Tensor weight = at::randn({2, 3}, at::kDouble), mean = at::randn({3});
  const NamedTensors tensors = {
      {"weight", weight}, {"mean", mean}, {"bn.num_batches_tracked", at::zeros({}, at::kLong)}};
  ASSERT_TRUE(LoadWeights(tensors, "f", &two).ok());
  EXPECT_TRUE(two.weight.equal(weight.to(at::kFloat)));
  EXPECT_TRUE(two.mean.equal(mean));
}

TEST(LoadWeights, NamesWhatIsMissingUnexpectedAndMisshapen) {
  Two two;
  NamedTensors tensors = {{"weight", at::randn({3, 2})}};
  for (int i = 0; i < 5; ++i) tensors.emplace_back(absl::StrCat("x", i), at::zeros({1}));
  const absl::Status status = LoadWeights(tensors, "dir/f.pt", &two);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("dir/f.pt"), HasSubstr("1 are missing (mean)"),
                    HasSubstr("5 are unexpected (x0, x1, x2, ...)"),
                    HasSubstr("weight is [3,2], expected [2,3]")));
  EXPECT_EQ(two.weight.abs().sum().item<float>(), 0) << "left as it was";
}

TEST(LoadWeights, LeavesLayersOut) {
  torch::nn::Module network;
  const auto classifier = std::make_shared<Two>(), head = std::make_shared<Two>(),
             features = std::make_shared<Two>();
  network.register_module("features", features);
  network.register_module("classifier", classifier);
  network.register_module("head", std::make_shared<torch::nn::Module>());
  network.named_children()["head"]->register_module("classifier", head);
  const NamedTensors tensors = {{"features.weight", at::ones({2, 3})},
                                {"features.mean", at::ones({3})},
                                {"classifier.weight", at::ones({5, 3})}};
  ASSERT_TRUE(LoadWeights(tensors, "f", &network, {"classifier"}).ok());
  EXPECT_EQ(features->weight.sum().item<float>(), 6);
  EXPECT_EQ(classifier->weight.sum().item<float>(), 0) << "left as it was";
  EXPECT_FALSE(LoadWeights(tensors, "f", &network, {"head.classifier"}).ok());

  const absl::Status status = LoadWeights(tensors, "f", &network, {"class"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("\"class\" is no layer of the network; the layers are classifier, "
                        "features, head"));
}

}  // namespace
}  // namespace pdarts
