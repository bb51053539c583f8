#include "pdarts/weights/weights.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ATen/ops/arange.h"
#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/pow.h"
#include "ATen/ops/randn.h"
#include "ATen/ops/zeros.h"
#include "absl/strings/str_cat.h"
#include "caffe2/serialize/inline_container.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/little_endian.h"
#include "pdarts/base/system_calls_testing.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/weights/safetensors.h"
#include "pdarts/weights/state_dict.h"
#include "pdarts/weights/torch_file.h"
#include "torch/nn/module.h"

namespace pdarts {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Path(const std::string& name) { return ::testing::TempDir() + "/" + name; }

std::string WriteBytes(const std::string& name, const std::string& content) {
  std::ofstream(Path(name), std::ios::binary) << content;
  return Path(name);
}

/// A file that Python's torch wrote: see testdata/make_checkpoints.py.
std::string Python(const std::string& name) { return "pdarts/weights/testdata/" + name; }

NamedTensors SomeTensors() {
  return {{"a.weight", at::randn({2, 3, 1, 1})},
          {"a.bias", at::randn({3}, at::kDouble)},
          {"count", at::arange(5, at::kLong)},
          {"empty", at::zeros({0, 4})},
          {"scalar", at::randn({})}};
}

/// One tensor for each type that files of weights may have.
NamedTensors TensorsOfAllTypes() {
  const at::Tensor values = at::arange(6, at::kLong).view({2, 3});
  NamedTensors tensors;
  for (const auto& [name, type] : std::map<std::string, at::ScalarType>{{"float64", at::kDouble},
                                                                        {"float32", at::kFloat},
                                                                        {"float16", at::kHalf},
                                                                        {"bfloat16", at::kBFloat16},
                                                                        {"int64", at::kLong},
                                                                        {"int32", at::kInt},
                                                                        {"int16", at::kShort},
                                                                        {"int8", at::kChar},
                                                                        {"uint8", at::kByte},
                                                                        {"bool", at::kBool}}) {
    tensors.emplace_back(name, values.to(type));
  }
  return tensors;
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
  const auto read = ReadWeightsFile(path);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(read->tensors, tensors);
  EXPECT_THAT(read->notes, IsEmpty());
}

TEST_P(Weights, AreOfEveryTypeThatIsRead) {
  const std::string path = Path(absl::StrCat("types", GetParam()));
  ASSERT_TRUE(WriteWeights(path, TensorsOfAllTypes()).ok());
  const auto read = ReadWeightsFile(path);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(read->tensors, TensorsOfAllTypes());
}

TEST_P(Weights, OfAnotherTypeAreAnErrorThatNamesThem) {
  const std::string path = Path(absl::StrCat("complex", GetParam()));
  const absl::Status status =
      WriteWeights(path, {{"a", at::zeros({1})}, {"b", at::zeros({1}, at::kComplexFloat)}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path + ": b: "), HasSubstr("ComplexFloat"), HasSubstr("BFloat16")));
}

TEST_P(Weights, KeepTheirMetadata) {
  const std::string path = Path(absl::StrCat("metadata", GetParam()));
  const WeightsMetadata metadata = {
      {"classes", "[\"arctic \\u0001 fox\", \"Füchse\"]"}, {"empty", ""}, {"format", "pt"}};
  ASSERT_TRUE(WriteWeights(path, SomeTensors(), metadata).ok());
  const auto read = ReadWeightsFile(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->metadata, metadata);
}

/// A file that is cut off anywhere gives an error that names the file.
TEST_P(Weights, TruncatedAnywhereAreAnError) {
  const std::string path = Path(absl::StrCat("whole", GetParam()));
  ASSERT_TRUE(WriteWeights(path, SomeTensors()).ok());
  const std::string whole = FileContent(path);
  for (size_t size = 0; size < whole.size(); size += size < 64 ? 1 : 13) {
    const std::string cut = WriteBytes(absl::StrCat("cut", GetParam()), whole.substr(0, size));
    const auto read = ReadWeightsFile(cut);
    ASSERT_FALSE(read.ok()) << size << " of " << whole.size();
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(cut));
  }
}

/// One damaged byte gives an error or tensors, but never a crash.
TEST_P(Weights, DamagedAnywhereNeverCrash) {
  const std::string path = Path(absl::StrCat("sound", GetParam()));
  ASSERT_TRUE(WriteWeights(path, SomeTensors()).ok());
  const std::string sound = FileContent(path);
  int errors = 0;
  for (size_t i = 0; i < sound.size(); i += 5) {
    for (char flip : {'\x01', '\x80', '\xff'}) {
      std::string damaged = sound;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      errors += !ReadWeightsFile(WriteBytes(absl::StrCat("damaged", GetParam()), damaged)).ok();
    }
  }
  EXPECT_GT(errors, 100);
}

TEST_P(Weights, MissingFilesAreAnError) {
  EXPECT_EQ(ReadWeightsFile(Path(absl::StrCat("none", GetParam()))).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(ReadWeightsFile(::testing::TempDir()).ok());
}

INSTANTIATE_TEST_SUITE_P(Formats, Weights, ::testing::Values(".safetensors", ".pt"),
                         [](const auto& info) { return std::string(info.param).substr(1); });

TEST(ReadWeights, AnErrorOfTheDiskIsNoDamage) {
  const std::string path = Path("disk.safetensors");
  ASSERT_TRUE(WriteWeights(path, SomeTensors()).ok());
  const size_t size = std::filesystem::file_size(path);
  for (const size_t bytes : {size_t{0}, size_t{20}, size - 1}) {
    const FailingReads failing("/disk.safetensors", EIO, bytes);
    const absl::Status status = ReadWeightsFile(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnknown) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("cannot read " + path));
  }
  EXPECT_TRUE(ReadWeightsFile(path).ok());
}

TEST(ReadWeights, WaitsForNoPipe) {
  const std::string path = Path("pipe.safetensors");
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(std::string(ReadWeightsFile(path).status().message()),
              HasSubstr("it is not a regular file"));
}

TEST(WriteWeights, WantsAKnownEnding) {
  EXPECT_THAT(std::string(WriteWeights(Path("a.onnx"), {}).message()), HasSubstr(".safetensors"));
}

// --- what Python wrote ---

class Two : public torch::nn::Module {
 public:
  Two() {
    weight = register_parameter("weight", at::zeros({2, 3}));
    mean = register_buffer("mean", at::zeros({3}));
  }
  at::Tensor weight, mean;
};

/// Checks the values of `Two` of make_checkpoints.py.
void ExpectPythonsValues(const Two& two) {
  EXPECT_TRUE(two.weight.equal(at::arange(6, at::kFloat).view({2, 3}) / 8));
  EXPECT_TRUE(two.mean.equal(at::pow(2, at::arange(3, at::kFloat))));
}

/// The present format, the same with another protocol of pickles, and the format before PyTorch
/// 1.6.
class PythonsFiles : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string Name(const std::string& ending) { return Python(GetParam() + ending); }
};

TEST_P(PythonsFiles, StateDictsAreRead) {
  const auto read = ReadWeightsFile(Name(".pt"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->notes, IsEmpty());
  Two two;
  const absl::Status status = LoadWeights(read->tensors, "f", &two);
  EXPECT_TRUE(status.ok()) << status;
  ExpectPythonsValues(two);
}

/// The state dict is in the entry `model`, has the prefix of DataParallel, and lies beside an
/// optimizer and objects of many kinds.
TEST_P(PythonsFiles, StateDictsOfCheckpointsAreFound) {
  const auto read = ReadWeightsFile(Name("_checkpoint.pt"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->notes, ElementsAre(HasSubstr("the entry \"model\""),
                                       HasSubstr("all names begin with \"module.\"")));
  Two two;
  const absl::Status status = LoadWeights(read->tensors, "f", &two);
  EXPECT_TRUE(status.ok()) << status;
  ExpectPythonsValues(two);
}

TEST_P(PythonsFiles, TensorsAreOfEveryTypeAndMayBeViews) {
  const auto read = ReadWeightsFile(Name("_types.pt"));
  ASSERT_TRUE(read.ok()) << read.status();
  NamedTensors expected = TensorsOfAllTypes();
  const at::Tensor base = at::arange(12, at::kFloat);
  expected.emplace_back("row", base.slice(0, 6, 9));
  expected.emplace_back("transposed", base.view({3, 4}).t());
  expected.emplace_back("parameter", at::full({1}, 0.5));
  expected.emplace_back("empty", at::zeros({0, 4}));
  ExpectSame(read->tensors, expected);
  EXPECT_THAT(read->notes,
              ElementsAre(AllOf(HasSubstr("left out"),
                                HasSubstr("\"complex\" (an object of torch.ComplexFloatStorage)"),
                                HasSubstr("\"quantized\" (an object of "
                                          "torch._utils._rebuild_qtensor)"))));
}

TEST_P(PythonsFiles, WholeModulesAreNamed) {
  EXPECT_THAT(std::string(ReadWeightsFile(Name("_module.pt")).status().message()),
              AllOf(HasSubstr(Name("_module.pt")), HasSubstr("\"net\" (an object of __main__.Two)"),
                    HasSubstr("network.state_dict()")));
}

TEST_P(PythonsFiles, TruncatedAnywhereAreAnError) {
  const std::string whole = FileContent(Name("_checkpoint.pt"));
  ASSERT_GT(whole.size(), 1000u);
  for (size_t size = 0; size < whole.size(); size += 29) {
    const std::string cut = WriteBytes("cut_python.pt", whole.substr(0, size));
    const auto read = ReadWeightsFile(cut);
    ASSERT_FALSE(read.ok()) << size << " of " << whole.size();
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(cut));
  }
}

TEST_P(PythonsFiles, DamagedAnywhereNeverCrash) {
  const std::string sound = FileContent(Name("_checkpoint.pt"));
  int errors = 0;
  for (size_t i = 0; i < sound.size(); i += 7) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ (i % 2 == 0 ? '\x01' : '\xff'));
    errors += !ReadWeightsFile(WriteBytes("damaged_python.pt", damaged)).ok();
  }
  EXPECT_GT(errors, 100);
}

INSTANTIATE_TEST_SUITE_P(Formats, PythonsFiles, ::testing::Values("today", "protocol4", "legacy"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ReadWeights, SaysWhatAFileIsThatHoldsNoWeights) {
  const auto says = [](const std::string& content) {
    const std::string path = WriteBytes("other.pth", content);
    const absl::Status status = ReadWeightsFile(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    return std::string(status.message());
  };
  EXPECT_THAT(says("<!DOCTYPE html><html><body>404</body></html>"), HasSubstr("an HTML page"));
  EXPECT_THAT(says("version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 98\n"),
              HasSubstr("a git-lfs pointer"));
  EXPECT_THAT(says("name: \"quickstart\"\n"), HasSubstr("a text that begins with"));
  EXPECT_THAT(says(""), HasSubstr("an empty file"));
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

TEST(ReadSafetensors, RefusesMetadataOtherThanTexts) {
  EXPECT_THAT(SafetensorsError("{\"__metadata__\":3}", ""),
              HasSubstr("__metadata__ is not an object"));
  EXPECT_THAT(SafetensorsError("{\"__metadata__\":{\"epoch\":3}}", ""),
              HasSubstr("__metadata__: epoch is not text"));
}

TEST(EncodeSafetensors, RefusesATensorThatIsCalledAsTheMetadata) {
  EXPECT_THAT(std::string(EncodeSafetensors({{"__metadata__", at::zeros({1})}}).status().message()),
              HasSubstr("__metadata__"));
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
  // A tensor without elements, but with strides that LibTorch cannot compute.
  EXPECT_THAT(
      SafetensorsError(
          absl::StrCat("{", Entry("a", "0,9007199254740992,9007199254740992", 0, 0), "}"), ""),
      HasSubstr("its shape [0,9007199254740992,9007199254740992] is too large"));
  EXPECT_THAT(SafetensorsError(absl::StrCat("{", Entry("a", "2", 8, 0), "}"), data),
              HasSubstr("data_offsets"));
  EXPECT_THAT(SafetensorsError("{\"a\":3}", data), HasSubstr("not an object"));
  EXPECT_THAT(SafetensorsError("[]", data), HasSubstr("not a JSON object"));
  EXPECT_THAT(SafetensorsError("{\"a\":", data), HasSubstr("not a JSON object"));
}

// --- pickles by hand ---

absl::StatusOr<WeightsFile> ReadPickle(const std::string& pickle) {
  std::string content;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, size_t size) {
    content.append(static_cast<const char*>(data), size);
    return size;
  });
  writer.writeRecord("data.pkl", pickle.data(), pickle.size());
  writer.writeRecord("data/0", "12345678", 8);
  writer.writeEndOfFile();
  return ReadTorchFile(WriteBytes("hand.pt", content));
}

std::string TorchFileError(const std::string& pickle) {
  return std::string(ReadPickle(pickle).status().message());
}

/// The operations of a text.
std::string Text(const std::string& text) {
  std::string code = "X";
  AppendLittleEndian(text.size(), 4, &code);
  return code + text;
}

/// The operations of _rebuild_tensor_v2(storage of two floats, offset, sizes, strides). `part` are
/// the operations of a sixth element of the storage's id.
std::string Tensor(const std::string& offset, const std::string& sizes, const std::string& strides,
                   const std::string& part = "") {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") + "ctorch\nFloatStorage\n" +
         Text("0") + Text("cpu") + "K\x02" + part + "tQ" + offset + sizes + strides + "\x89)tR";
}

/// The operations of a tensor of both floats of the storage.
std::string BothFloats(const std::string& part = "") {
  using std::string_literals::operator""s;
  return Tensor("K\0"s, "K\x02\x85", "K\x01\x85", part);
}

/// The operations of a dict of one entry, whose value has the operations `value`.
std::string DictOf(const std::string& key, const std::string& value) {
  return "}" + Text(key) + value + "s";
}

/// {'w': tensor}.
std::string TensorPickle(const std::string& offset, const std::string& sizes,
                         const std::string& strides) {
  return "\x80\x02" + DictOf("w", Tensor(offset, sizes, strides)) + ".";
}

TEST(ReadTorchFile, ReadsATensorByHand) {
  EXPECT_EQ(TorchFileError(TensorPickle("K\x01", "K\x01\x85", "K\x01\x85")), "");
}

/// The names of a file's tensors.
std::vector<std::string> Names(const absl::StatusOr<WeightsFile>& file) {
  std::vector<std::string> names;
  if (!file.ok()) return {std::string(file.status().message())};
  for (const auto& [name, tensor] : file->tensors) names.push_back(name);
  return names;
}

TEST(FindStateDict, LooksWhereItUsuallyLies) {
  for (const char* name : {"state_dict", "model_state_dict", "model", "net", "network",
                           "state_dict_ema", "any other name"}) {
    const std::string beside = Text("epoch") + "K\x03" + Text("optimizer") +
                               DictOf("lr", "G@\x09\x21\xfb\x54\x44\x2d\x18");
    const auto read =
        ReadPickle("\x80\x02}(" + beside + Text(name) + DictOf("w", BothFloats()) + "u.");
    EXPECT_THAT(Names(read), ElementsAre("w")) << name;
    ASSERT_TRUE(read.ok());
    EXPECT_THAT(read->notes, ElementsAre(HasSubstr(absl::StrCat("the entry \"", name, "\""))));
  }
}

TEST(FindStateDict, LooksDeeperAndInADictOnce) {
  EXPECT_THAT(
      Names(ReadPickle("\x80\x02" + DictOf("state_dict", DictOf("net", DictOf("w", BothFloats()))) +
                       ".")),
      ElementsAre("w"));
  EXPECT_THAT(TorchFileError("\x80\x02}q\x01" + Text("model") + "h\x01s."),
              HasSubstr("holds no dict of tensors, but a dict of \"model\" (a dict)"));
  std::string deep = DictOf("w", BothFloats());
  for (int i = 0; i < 20000; ++i) deep = "}" + Text("net") + deep + "s";
  EXPECT_THAT(TorchFileError("\x80\x02" + deep + "."), HasSubstr("holds no dict of tensors"));
}

TEST(FindStateDict, SaysWhichOfSeveralItTakes) {
  const auto read = ReadPickle("\x80\x02}(" + Text("state_dict_ema") + DictOf("e", BothFloats()) +
                               Text("net") + DictOf("n", BothFloats()) + Text("model") +
                               DictOf("m", BothFloats()) + Text("rng") + BothFloats() + "u.");
  EXPECT_THAT(Names(read), ElementsAre("m"));
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read->notes,
              ElementsAre(AllOf(HasSubstr("the entry \"model\""), HasSubstr("\"state_dict_ema\""),
                                HasSubstr("\"net\""), Not(HasSubstr("rng")))));
  // Nobody can know which of the two dicts of tensors is meant.
  EXPECT_THAT(TorchFileError("\x80\x02}(" + Text("generator") + DictOf("g", BothFloats()) +
                             Text("critic") + DictOf("c", BothFloats()) + "u."),
              AllOf(HasSubstr("\"generator\" (a dict)"), HasSubstr("\"critic\" (a dict)")));
}

TEST(FindStateDict, FailsOnlyIfAWeightIsNoTensor) {
  using std::string_literals::operator""s;
  const auto read = ReadPickle("\x80\x02}("s + Text("weight") + BothFloats() + Text("mean") +
                               "cnumpy\nndarray\n)\x81" + "K\x01" + BothFloats() + "u.");
  EXPECT_THAT(Names(read), ElementsAre("weight"));
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read->notes, ElementsAre(HasSubstr("left out entries that are not readable tensors: "
                                                 "\"mean\" (an object of numpy.ndarray), "
                                                 "an integer (a tensor)")));
  Two two;
  EXPECT_THAT(std::string(LoadWeights(read->tensors, "f", &two).message()),
              HasSubstr("1 are missing (mean)"));
}

TEST(FindStateDict, MetadataThatRepeatATextAreBounded) {
  const auto pickle = [](int times) {
    std::string texts =
        "}" + Text(kMetadataAttribute) + "}(" + Text("0") + Text(std::string(50000, 'x')) + "q\x01";
    for (int i = 1; i < times; ++i) texts += Text(absl::StrCat(i)) + "h\x01";
    return "\x80\x02" + DictOf("w", BothFloats()) + texts + "usb.";
  };
  const auto read = ReadPickle(pickle(3));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->metadata.size(), 3u);
  EXPECT_EQ(ReadPickle(pickle(1000)).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(ReadTorchFile, RefusesTensorsBeyondTheirStorage) {
  using std::string_literals::operator""s;
  EXPECT_THAT(TorchFileError(TensorPickle("K\x01", "K\x02\x85", "K\x01\x85")),
              HasSubstr("beyond its storage"));
  EXPECT_THAT(TorchFileError(TensorPickle("K\x02", "K\x01\x85", "K\x01\x85")),
              HasSubstr("beyond its storage"));
  // With a stride of 0, eight bytes would become any amount of memory.
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

/// A tuple in a tuple in a tuple, and a list that contains itself.
TEST(ReadTorchFile, DepthAndCyclesAreNoProblem) {
  EXPECT_THAT(TorchFileError("\x80\x02)" + std::string(1 << 12, '\x85') + "."),
              HasSubstr("holds no dict"));
  EXPECT_THAT(TorchFileError("\x80\x02)" + std::string(1 << 20, '\x85') + "."),
              HasSubstr("bytes of memory"));
  EXPECT_THAT(TorchFileError("\x80\x02]q\x01h\x01"
                             "a."),
              HasSubstr("holds no dict"));
}

/// The maximum memory of the process so far, in kilobytes.
int64_t PeakKilobytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// A pickle that pushes `value`, stores it in the memo, and recalls it `times` times.
std::string Recalled(const std::string& value, int times) {
  std::string pickle = "\x80\x02(" + value + "q\x01";
  for (int i = 0; i < times; ++i) pickle += "h\x01";
  return pickle + "l.";
}

/// An OrderedDict that Python 2 wrote as a list of pairs takes the memory of a copy.
TEST(ReadTorchFile, CopiesOfAListAreCounted) {
  using std::string_literals::operator""s;
  std::string pickle = "\x80\x02"s + "ccollections\nOrderedDict\nq\x01](";
  for (int i = 0; i < 1000; ++i) pickle += i == 0 ? "K\x01K\x02\x86q\x02" : "h\x02";
  pickle += "e\x85q\x03";
  for (int i = 0; i < 1000; ++i) pickle += "h\x01h\x03R";
  EXPECT_THAT(TorchFileError(pickle + "."), HasSubstr("bytes of memory"));
}

/// A long text that occurs in many places is in memory once. Otherwise this pickle would take 500
/// MB.
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
  // Each of these takes one byte of the file and more bytes of memory: lists, dicts, marks, values,
  // entries of the memo.
  for (const char* code : {"]", "}", ")", "(", "N", "\x94"}) {
    std::string pickle = "\x80\x02K\x01q\x01";
    for (int i = 0; i < 1000000; ++i) pickle += code;
    EXPECT_THAT(TorchFileError(pickle + "."), HasSubstr("bytes of memory")) << code;
  }
  EXPECT_LT(PeakKilobytes() - before, 400000);
}

/// The beginning of a pickle of {'w': tensor}, up to the tensor. The storage `key` has 10,000
/// floats.
std::string LongTensorPickle(const std::string& key) {
  using std::string_literals::operator""s;
  const std::string count = "J\x10\x27\0\0"s;
  return "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"s +
         "ctorch\nFloatStorage\nX\x01\0\0\0"s + key + "X\x03\0\0\0cpu"s + count + "tQK\0"s + count +
         "\x85K\x01\x85\x89)tR"s;
}

/// The error of reading this pickle from a file with a record of 10,000 floats that is called "a".
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

/// LibTorch ignores the difference between upper and lower case when it finds a record.
TEST(ReadTorchFile, ARecordThatIsReadUnderTwoNamesIsCountedTwice) {
  using std::string_literals::operator""s;
  const std::string both = "\x80\x02}(X\x01\0\0\0v"s + LongTensorPickle("a") + "X\x01\0\0\0w"s +
                           LongTensorPickle("A") + "u."s;
  EXPECT_THAT(std::string(ReadWithLongRecord(both).message()),
              AnyOf(HasSubstr("its storages are longer than the file"),
                    HasSubstr("there is no record data/A")));
}

// --- the format before PyTorch 1.6, by hand ---

/// A file with this pickle and these storages of two floats.
std::string LegacyFile(const std::string& pickle, const std::vector<std::string>& keys = {"0"}) {
  using std::string_literals::operator""s;
  std::string file = "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s +
                     "\x80\x02M\xe9\x03." + "\x80\x02}." + pickle + "\x80\x02](";
  for (const std::string& key : keys) file += Text(key);
  file += "e.";
  for (size_t i = 0; i < keys.size(); ++i) {
    AppendLittleEndian(2, 8, &file);
    file += "\0\0\x80\x3f\0\0\0\x40"s;  // 1 and 2
  }
  return file;
}

absl::StatusOr<WeightsFile> ReadLegacy(const std::string& content) {
  return ReadWeightsFile(WriteBytes("hand_legacy.pt", content));
}

TEST(ReadLegacyTorchFile, ReadsATensorByHand) {
  const auto read = ReadLegacy(LegacyFile("\x80\x02" + DictOf("w", BothFloats("N")) + "."));
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(read->tensors, {{"w", at::arange(1, 3, at::kFloat)}});
}

TEST(ReadLegacyTorchFile, ReadsAPartOfAStorage) {
  using std::string_literals::operator""s;
  const auto part = [&](const std::string& offset, const std::string& elements) {
    const std::string id = Text("1") + offset + elements + "\x87";
    return ReadLegacy(
        LegacyFile("\x80\x02" + DictOf("w", Tensor("K\0"s, "K\x01\x85", "K\x01\x85", id)) + "."));
  };
  const auto read = part("K\x01", "K\x01");
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(read->tensors, {{"w", at::full({1}, 2.0f)}});
  for (const auto& bad : {part("K\x02", "K\x01"), part("K\x01", "K\x02"),
                          part("J\xff\xff\xff\xff", "K\x01"), part("N", "K\x01")}) {
    EXPECT_THAT(std::string(bad.status().message()), HasSubstr("a part of a storage"));
  }
  // The storage has one element, but the tensor needs two.
  EXPECT_THAT(
      std::string(
          ReadLegacy(
              LegacyFile("\x80\x02" + DictOf("w", BothFloats(Text("1") + "K\x01K\x01\x87")) + "."))
              .status()
              .message()),
      HasSubstr("beyond its storage"));
}

/// Python 2 writes texts of bytes, and an OrderedDict as a call with a list of pairs.
TEST(ReadLegacyTorchFile, ReadsWhatPython2Wrote) {
  std::string tensor = BothFloats("N");
  for (const std::string text : {"storage", "0", "cpu"}) {
    std::string code = "U";
    AppendLittleEndian(text.size(), 1, &code);
    const size_t place = tensor.find(Text(text));
    ASSERT_NE(place, std::string::npos);
    tensor.replace(place, Text(text).size(), code + text);
  }
  const auto read =
      ReadLegacy(LegacyFile("\x80\x02" +
                            DictOf("model", "ccollections\nOrderedDict\n](](U\x08module.w" +
                                                tensor + "ee\x85R}U\x09_metadata}sb") +
                            "."));
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(read->tensors, {{"w", at::arange(1, 3, at::kFloat)}});
}

TEST(ReadLegacyTorchFile, NamesWhatIsWrongWithStorages) {
  const std::string pickle = "\x80\x02" + DictOf("w", BothFloats("N")) + ".";
  const auto says = [](const std::string& content) {
    return std::string(ReadLegacy(content).status().message());
  };
  EXPECT_THAT(says(LegacyFile(pickle, {})), HasSubstr("of its 1 storages only 0 have bytes"));
  EXPECT_THAT(says(LegacyFile(pickle, {"0", "0"})), HasSubstr("\"0\" occurs twice"));
  EXPECT_THAT(says(LegacyFile(pickle, {"1", "0"})), HasSubstr("\"1\" is of an unknown type"));
  std::string other_size = LegacyFile(pickle);
  other_size[other_size.size() - 16] = 1;
  EXPECT_THAT(says(other_size), HasSubstr("has 1 elements, expected 2"));
  std::string many = LegacyFile("\x80\x02" + DictOf("w", BothFloats("N")) + ".");
  many.replace(many.find("K\x02NtQ"), 2, "J\xff\xff\xff\x7f");
  EXPECT_THAT(says(many), HasSubstr("but the file is too short for them"));
  EXPECT_THAT(says(LegacyFile("\x80\x02" + DictOf("w", Text("no tensor")) + ".", {})),
              HasSubstr("holds no dict of tensors"));
  std::string version = LegacyFile(pickle);
  version.replace(version.find("M\xe9\x03"), 3, "M\xea\x03");
  EXPECT_THAT(says(version), HasSubstr("unknown version of the format, expected 1001"));
}

TEST(ReadLegacyTorchFile, CallsNothing) {
  EXPECT_THAT(std::string(ReadLegacy(LegacyFile("\x80\x02"
                                                "cos\nsystem\n" +
                                                    Text("ls") + "\x85R.",
                                                {}))
                              .status()
                              .message()),
              AllOf(HasSubstr("os.system"), HasSubstr("nothing of it was executed")));
}

TEST(ReadLegacyTorchFile, MemoryIsBoundedByTheFilesSize) {
  const int64_t before = PeakKilobytes();
  for (const char* code : {"]", "}", "N", "\x94"}) {
    std::string pickle = "\x80\x02K\x01";
    for (int i = 0; i < 1000000; ++i) pickle += code;
    EXPECT_THAT(std::string(ReadLegacy(LegacyFile(pickle + ".")).status().message()),
                HasSubstr("bytes of memory"))
        << code;
  }
  EXPECT_LT(PeakKilobytes() - before, 400000);
}

/// The description of many small tensors has more bytes than the tensors.
TEST(ReadLegacyTorchFile, ManySmallTensorsAreNoTooMuch) {
  std::string pickle = "\x80\x02}(";
  std::vector<std::string> keys;
  for (int i = 0; i < 20000; ++i) {
    keys.push_back(absl::StrCat(i + 10000));
    std::string tensor = BothFloats("N");
    tensor.replace(tensor.find(Text("0")), Text("0").size(), Text(keys.back()));
    pickle += Text(absl::StrCat("w", i)) + tensor;
  }
  const auto read = ReadLegacy(LegacyFile(pickle + "u.", keys));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->tensors.size(), 20000u);
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

TEST(ReadTorchFile, SaysWhatAnotherZipArchiveIs) {
  const auto says = [](const std::string& record) {
    std::string zip = OverlappingZip(1, 10);
    for (size_t at = zip.find("a/data.pkl"); at != std::string::npos; at = zip.find("a/data.pkl")) {
      zip.replace(at, record.size(), record);
    }
    return std::string(ReadTorchFile(WriteBytes("other.zip", zip)).status().message());
  };
  EXPECT_THAT(says("weight.npy"), HasSubstr("an archive of NumPy arrays (.npz)"));
  EXPECT_THAT(says("a/word.xml"), HasSubstr("a zip archive with \"a/word.xml\""));
}

// --- prefixes ---

TEST(ReadWeights, RemovesPrefixesOfWrappers) {
  const auto names = [](const std::vector<std::string>& written) {
    const std::string path = Path("prefixed.safetensors");
    NamedTensors tensors;
    for (const std::string& name : written) tensors.emplace_back(name, at::zeros({1}));
    EXPECT_TRUE(WriteWeights(path, tensors).ok());
    return Names(ReadWeightsFile(path));
  };
  for (const std::string prefix : {"module.", "model.", "net.", "network.", "_orig_mod.",
                                   "model.module.", "module._orig_mod.net."}) {
    EXPECT_THAT(names({prefix + "stem.weight", prefix + "stem.bias"}),
                ElementsAre("stem.weight", "stem.bias"))
        << prefix;
  }
  // If some names lack the prefix, or a name consists of the prefix only, nothing is removed.
  EXPECT_THAT(names({"model.weight", "loss.weight"}), ElementsAre("model.weight", "loss.weight"));
  EXPECT_THAT(names({"stem.weight", "stem.bias"}), ElementsAre("stem.weight", "stem.bias"));
  EXPECT_THAT(names({"model.", "model.a"}), ElementsAre("model.", "model.a"));
  EXPECT_THAT(names({"modelling.a"}), ElementsAre("modelling.a"));
}

/// The names of a plugin's network may begin with such a prefix.
TEST(LoadWeights, FindsTheNamesOfAModuleWithAPrefix) {
  class Wrapped : public torch::nn::Module {
   public:
    Wrapped() : two(register_module("net", std::make_shared<Two>())) {}
    std::shared_ptr<Two> two;
  };
  Wrapped written, read, direct;
  written.two->weight.detach().fill_(3);
  const std::string path = Path("wrapped.safetensors");
  ASSERT_TRUE(WriteWeights(path, ModuleState(written)).ok());
  absl::Status status = LoadWeights(ReadWeightsFile(path)->tensors, path, &read);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(read.two->weight.equal(written.two->weight));
  status = LoadWeights(ModuleState(written), path, &direct);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(direct.two->weight.equal(written.two->weight));
}

// --- loading ---

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
              HasSubstr("\"class\" is not a layer of the network; the layers are classifier, "
                        "features, head"));
}

}  // namespace
}  // namespace pdarts
