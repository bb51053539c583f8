#include "pdarts/datasets/cifar/testing.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/little_endian.h"

namespace pdarts::cifar {
namespace {

class Pickler {
 public:
  explicit Pickler(int protocol) : is_old_(protocol < 2), bytes_(is_old_ ? "" : "\x80\x02") {}

  /// Begins and ends a tuple of this number of values.
  void Begin() { Code(is_old_ ? "(" : ""); }
  void End(int values) {
    Code(is_old_ ? "t" : values == 1 ? "\x85" : values == 2 ? "\x86" : "\x87");
  }
  void False() { Code(is_old_ ? "I00\n" : "\x89"); }
  /// Writes a text and stores it in the memo.
  void Text(const std::string& text) {
    absl::StrAppend(&bytes_, "U");
    AppendLittleEndian(text.size(), 1, &bytes_);
    absl::StrAppend(&bytes_, text);
    Remember();
  }
  void Remember() {
    absl::StrAppend(&bytes_, memo_ < 256 ? "q" : "r");
    AppendLittleEndian(memo_, memo_ < 256 ? 1 : 4, &bytes_);
    ++memo_;
  }
  void Name(absl::string_view module, absl::string_view name) {
    absl::StrAppend(&bytes_, "c", module, "\n", name, "\n");
    Remember();
  }
  void Byte(int number) {
    absl::StrAppend(&bytes_, "K");
    AppendLittleEndian(number, 1, &bytes_);
  }
  void TwoBytes(int number) {
    absl::StrAppend(&bytes_, "M");
    AppendLittleEndian(number, 2, &bytes_);
  }
  void Int(int64_t number) {
    absl::StrAppend(&bytes_, "J");
    AppendLittleEndian(static_cast<uint64_t>(number), 4, &bytes_);
  }
  void Bytes(const std::string& content) {
    absl::StrAppend(&bytes_, "T");
    AppendLittleEndian(content.size(), 4, &bytes_);
    absl::StrAppend(&bytes_, content);
  }
  void Code(absl::string_view code) { absl::StrAppend(&bytes_, code); }
  const std::string& bytes() const { return bytes_; }

 private:
  const bool is_old_;
  std::string bytes_;
  uint64_t memo_ = 1;
};

}  // namespace

std::string PickleOf(const PythonBatch& batch, int protocol) {
  Pickler pickler(protocol);
  pickler.Code("}");
  pickler.Remember();
  pickler.Code("(");
  pickler.Text("batch_label");
  pickler.Text("training batch 1 of 5");
  for (const auto& [key, values] : batch.labels) {
    pickler.Text(key);
    pickler.Code("]");
    pickler.Remember();
    pickler.Code("(");
    for (const int value : values) value < 256 ? pickler.Byte(value) : pickler.TwoBytes(value);
    pickler.Code("e");
  }
  pickler.Text("data");
  pickler.Name("numpy.core.multiarray", batch.maker);
  pickler.Begin();
  pickler.Name("numpy", "ndarray");
  pickler.Begin();
  pickler.Byte(0);
  pickler.End(1);
  pickler.Text("b");
  pickler.End(3);
  pickler.Code("R");
  pickler.Remember();
  // The state of the array: version, shape, type, whether columns come first, content.
  pickler.Code("(");
  pickler.Byte(1);
  pickler.Begin();
  pickler.Int(batch.rows);
  pickler.Int(batch.image_bytes);
  pickler.End(2);
  pickler.Name("numpy", "dtype");
  pickler.Begin();
  pickler.Text(batch.type);
  pickler.Byte(0);
  pickler.Byte(1);
  pickler.End(3);
  pickler.Code("R");
  pickler.Remember();
  pickler.Code("(");
  pickler.Byte(3);
  pickler.Text("|");
  pickler.Code("NNN");
  pickler.Int(-1);
  pickler.Int(-1);
  pickler.Byte(0);
  pickler.Code("tb");
  pickler.False();
  pickler.Bytes(batch.images);
  pickler.Code("tb");
  pickler.Text("filenames");
  pickler.Code("](");
  for (int64_t i = 0; i < batch.rows; ++i) pickler.Text(absl::StrCat("image_", i, ".png"));
  pickler.Code("eu.");
  return pickler.bytes();
}

std::string ImageFrom(int first) {
  std::string bytes;
  for (int i = 0; i < 3072; ++i) bytes += static_cast<char>(first + 7 * i);
  return bytes;
}

}  // namespace pdarts::cifar
