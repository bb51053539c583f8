#include "tests/parity/reference.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include "ATen/ops/scalar_tensor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "torch/csrc/api/include/torch/serialize.h"
#include "torch/csrc/api/include/torch/utils.h"

namespace pdarts::parity {
namespace {

constexpr int kInputNodes = 2;
constexpr int kKeptEdges = 2;

template <class Bytes>
Bytes ReadFile(absl::string_view name) {
  const std::string path = ReferencePath(name);
  std::ifstream file(path, std::ios::binary);
  CHECK(file) << "cannot read " << path;
  return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

at::Tensor ToDouble(const at::Tensor& tensor) {
  return tensor.is_floating_point() ? tensor.to(at::kDouble) : tensor;
}

google::protobuf::Struct ParseJson(absl::string_view text) {
  google::protobuf::Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &object);
  CHECK(status.ok()) << status.ToString();
  return object;
}

void AddEdge(const std::string& operation, int from, CellArchitecture* cell) {
  const int node = kInputNodes + cell->edges_size() / kKeptEdges;
  ArchitectureEdge* const edge = cell->add_edges();
  edge->set_operation(operation);
  edge->set_from(from);
  edge->set_to(node);
}

CellArchitecture EmptyCell(const std::string& kind) {
  CellArchitecture cell;
  cell.set_kind(kind);
  for (int node : {2, 3, 4, 5}) cell.add_concat(node);
  return cell;
}

}  // namespace

std::string ReferencePath(absl::string_view name) {
  const char* const folder = std::getenv("PDARTS_REFERENCE_DIR");
  return absl::StrCat(folder != nullptr ? folder : "tests/parity/reference", "/", name);
}

Dict::Dict(c10::IValue value) : value_(std::move(value)) {
  CHECK(value_.isGenericDict()) << "not a dictionary";
}

Dict Dict::Load(absl::string_view name) {
  return Dict(torch::pickle_load(ReadFile<std::vector<char>>(name)));
}

const c10::IValue& Dict::At(const std::string& key) const {
  const auto dict = value_.toGenericDict();
  const auto entry = dict.find(key);
  CHECK(entry != dict.end()) << "no key " << key;
  return entry->value();
}

at::Tensor Dict::GetTensor(const std::string& key) const {
  const c10::IValue& value = At(key);
  return value.isTensor() ? ToDouble(value.toTensor())
                          : at::scalar_tensor(GetDouble(key), at::kDouble);
}
int64_t Dict::GetInt(const std::string& key) const { return At(key).toInt(); }
double Dict::GetDouble(const std::string& key) const {
  const c10::IValue& value = At(key);
  return value.isInt() ? static_cast<double>(value.toInt()) : value.toDouble();
}
std::string Dict::GetString(const std::string& key) const { return At(key).toStringRef(); }
Dict Dict::GetDict(const std::string& key) const { return Dict(At(key)); }
std::vector<Dict> Dict::GetDicts(const std::string& key) const {
  std::vector<Dict> dicts;
  for (const c10::IValue& value : At(key).toListRef()) dicts.push_back(Dict(value));
  return dicts;
}

NamedTensors Dict::GetNamedTensors(const std::string& key) const {
  NamedTensors tensors;
  const auto dict = At(key).toGenericDict();
  if (!dict.contains("names") || !dict.contains("shapes") || !dict.contains("data")) {
    for (const auto& entry : dict) {
      tensors[entry.key().toStringRef()] = ToDouble(entry.value().toTensor());
    }
    return tensors;
  }
  const auto names = dict.at("names").toListRef();
  const auto shapes = dict.at("shapes").toListRef();
  const at::Tensor data = ToDouble(dict.at("data").toTensor());
  CHECK_EQ(names.size(), shapes.size());
  int64_t offset = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<int64_t> shape;
    int64_t count = 1;
    for (const c10::IValue& side : shapes[i].toListRef()) {
      shape.push_back(side.toInt());
      count *= shape.back();
    }
    tensors[names[i].toStringRef()] = data.slice(0, offset, offset + count).view(shape);
    offset += count;
  }
  CHECK_EQ(offset, data.numel()) << key;
  return tensors;
}

CellArchitecture Dict::GetCell(const std::string& key) const {
  CellArchitecture cell = EmptyCell(key);
  for (const c10::IValue& pair : At(key).toListRef()) {
    const auto edge = pair.toListRef();
    AddEdge(edge[0].toStringRef(), static_cast<int>(edge[1].toInt()), &cell);
  }
  return cell;
}

google::protobuf::Struct ReadJson(absl::string_view name) {
  return ParseJson(ReadFile<std::string>(name));
}

std::vector<google::protobuf::Struct> ReadJsonLines(absl::string_view name) {
  std::vector<google::protobuf::Struct> objects;
  const std::string text = ReadFile<std::string>(name);
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    objects.push_back(ParseJson(line));
  }
  return objects;
}

const google::protobuf::Value& Field(const google::protobuf::Struct& object,
                                     const std::string& name) {
  const auto field = object.fields().find(name);
  CHECK(field != object.fields().end()) << "no field " << name;
  return field->second;
}

std::vector<std::vector<double>> Matrix(const google::protobuf::Value& value) {
  std::vector<std::vector<double>> matrix;
  for (const google::protobuf::Value& row : value.list_value().values()) {
    std::vector<double>& numbers = matrix.emplace_back();
    for (const google::protobuf::Value& number : row.list_value().values()) {
      numbers.push_back(number.number_value());
    }
  }
  return matrix;
}

CellArchitecture Cell(const google::protobuf::Value& value, const std::string& kind) {
  CellArchitecture cell = EmptyCell(kind);
  for (const google::protobuf::Value& pair : value.list_value().values()) {
    AddEdge(pair.list_value().values(0).string_value(),
            static_cast<int>(pair.list_value().values(1).number_value()), &cell);
  }
  return cell;
}

CellCandidates FromSwitches(const std::vector<std::vector<double>>& switches) {
  CellCandidates candidates;
  for (const std::vector<double>& row : switches) {
    EdgeCandidates& edge = candidates.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] != 0) edge.push_back(static_cast<int>(i));
    }
  }
  return candidates;
}

CellCandidates FromSwitches(const at::Tensor& switches) {
  std::vector<std::vector<double>> rows;
  const at::Tensor numbers = switches.to(at::kDouble).contiguous();
  for (int64_t e = 0; e < numbers.size(0); ++e) {
    const double* const row = numbers.data_ptr<double>() + e * numbers.size(1);
    rows.emplace_back(row, row + numbers.size(1));
  }
  return FromSwitches(rows);
}

double Deviation(const at::Tensor& a, const at::Tensor& b) {
  if (!a.defined() || a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  const double scale = b.abs().max().item<double>();
  const double difference = (a - b).abs().max().item<double>();
  const double deviation = scale == 0 ? difference : difference / scale;
  return deviation >= 0 ? deviation : std::numeric_limits<double>::infinity();  // NaN
}

NamedTensors State(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& entry : module.named_parameters()) state[entry.key()] = entry.value();
  for (const auto& entry : module.named_buffers()) state[entry.key()] = entry.value();
  return state;
}

void LoadState(const NamedTensors& state, torch::nn::Module* module) {
  torch::NoGradGuard no_grad;
  module->to(at::kDouble);
  NamedTensors own = State(*module);
  for (auto& [name, tensor] : own) {
    const auto stored = state.find(name);
    if (stored == state.end()) {
      ADD_FAILURE() << "the reference has no " << name;
    } else if (stored->second.sizes() != tensor.sizes()) {
      ADD_FAILURE() << name << " is " << tensor.sizes() << ", in the reference "
                    << stored->second.sizes();
    } else {
      tensor.copy_(stored->second);
    }
  }
  for (const auto& [name, tensor] : state) {
    EXPECT_TRUE(own.count(name)) << "only the reference has " << name;
  }
}

void ExpectNear(const NamedTensors& actual, const NamedTensors& reference, absl::string_view what) {
  EXPECT_FALSE(reference.empty()) << what;
  for (const auto& [name, tensor] : reference) {
    const auto own = actual.find(name);
    if (own == actual.end()) {
      ADD_FAILURE() << what << ": no " << name;
    } else {
      ExpectNear(own->second, tensor, absl::StrCat(what, " ", name));
    }
  }
}

void ExpectNear(const at::Tensor& actual, const at::Tensor& reference, absl::string_view what) {
  EXPECT_LE(Deviation(actual.detach(), reference), kTolerance) << what;
}

}  // namespace pdarts::parity
