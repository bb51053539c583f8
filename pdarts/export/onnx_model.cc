#include "pdarts/export/onnx_model.h"

#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "ATen/ops/tensor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/base/json.h"
#include "pdarts/export/inference_graph.h"
#include "pdarts/export/number_text.h"
#include "pdarts/export/pdarts_onnx.pb.h"
#include "pdarts/export/unused_name.h"

namespace pdarts {
namespace {

constexpr int64_t kIrVersion = 8;
constexpr int64_t kOperatorSet = 17;
constexpr char kInput[] = "images";
constexpr char kBatch[] = "batch";

/// A float32 tensor of this shape.
at::Tensor Floats(const std::vector<double>& values, at::IntArrayRef shape) {
  return at::tensor(values, at::kDouble).to(at::kFloat).reshape(shape);
}

/// Writes the nodes of one graph.
class GraphWriter {
 public:
  explicit GraphWriter(onnx_format::Graph* onnx) : onnx_(onnx) {}

  /// Adds a node without attributes, and returns it. The name consists of the node's place and
  /// type, and of a number if another node has this name. The name of its output is the same.
  onnx_format::Node* AddNode(const std::string& place, absl::string_view type,
                             const std::vector<std::string>& inputs) {
    const std::string name =
        UnusedName(absl::StrCat(place, place.empty() ? "" : "/", type), "_", &names_);
    onnx_format::Node* const node = onnx_->add_node();
    node->set_name(name);
    node->set_op_type(std::string(type));
    for (const std::string& input : inputs) node->add_input(input);
    node->add_output(name);
    return node;
  }

  /// Adds a constant and returns the name by which nodes use it: `name`, or `name` and a number if
  /// another constant has this name.
  std::string AddWeight(const std::string& plain, const at::Tensor& tensor) {
    const std::string name = UnusedName(plain, "_", &weights_);
    const bool is_integer = tensor.scalar_type() == at::kLong;
    const at::Tensor values =
        tensor.detach().to(at::kCPU, is_integer ? at::kLong : at::kFloat).contiguous();
    onnx_format::Tensor* const weight = onnx_->add_initializer();
    weight->set_name(name);
    weight->set_data_type(is_integer ? onnx_format::Tensor::INT64 : onnx_format::Tensor::FLOAT);
    for (const int64_t size : values.sizes()) weight->add_dims(size);
    weight->set_raw_data(static_cast<const char*>(values.data_ptr()), values.nbytes());
    return name;
  }

  /// Adds the nodes of an operator, and returns the name of its value. `place` is the beginning of
  /// the names of nodes, and `layer` the beginning of the names of weights.
  std::string AddOperator(const graph::Operator& op, const std::vector<std::string>& inputs,
                          const std::string& place, const std::string& layer) {
    return std::visit([&](const auto& known) { return Add(known, inputs, place, layer); }, op);
  }

  /// Adds an attribute to a node.
  static void SetInt(absl::string_view name, int64_t value, onnx_format::Node* node) {
    onnx_format::Attribute* const attribute = AddAttribute(name, node);
    attribute->set_type(onnx_format::Attribute::INT);
    attribute->set_i(value);
  }

 private:
  using Names = std::vector<std::string>;

  static onnx_format::Attribute* AddAttribute(absl::string_view name, onnx_format::Node* node) {
    onnx_format::Attribute* const attribute = node->add_attribute();
    attribute->set_name(std::string(name));
    return attribute;
  }
  static void SetFloat(absl::string_view name, double value, onnx_format::Node* node) {
    onnx_format::Attribute* const attribute = AddAttribute(name, node);
    attribute->set_type(onnx_format::Attribute::FLOAT);
    attribute->set_f(static_cast<float>(value));
  }
  static void SetInts(absl::string_view name, const std::vector<int64_t>& values,
                      onnx_format::Node* node) {
    onnx_format::Attribute* const attribute = AddAttribute(name, node);
    attribute->set_type(onnx_format::Attribute::INTS);
    for (const int64_t value : values) attribute->add_ints(value);
  }
  /// Sets the attributes that convolutions and pools share.
  static void SetWindow(int64_t height, int64_t width, int64_t stride, int64_t padding,
                        onnx_format::Node* node) {
    SetInts("kernel_shape", {height, width}, node);
    SetInts("strides", {stride, stride}, node);
    SetInts("pads", {padding, padding, padding, padding}, node);
  }

  std::string Add(const graph::Convolution& c, const Names& inputs, const std::string& place,
                  const std::string& layer) {
    Names all = {inputs[0], AddWeight(absl::StrCat(layer, ".weight"), c.weight)};
    if (c.bias.defined()) all.push_back(AddWeight(absl::StrCat(layer, ".bias"), c.bias));
    onnx_format::Node* const node = AddNode(place, "Conv", all);
    SetWindow(c.weight.size(2), c.weight.size(3), c.stride, c.padding, node);
    SetInts("dilations", {c.dilation, c.dilation}, node);
    SetInt("group", c.groups, node);
    return node->name();
  }

  std::string Add(const graph::BatchNorm& b, const Names& inputs, const std::string& place,
                  const std::string& layer) {
    const at::Tensor weight = b.weight.defined() ? b.weight : b.mean.new_ones(b.mean.sizes());
    const at::Tensor bias = b.bias.defined() ? b.bias : b.mean.new_zeros(b.mean.sizes());
    onnx_format::Node* const node =
        AddNode(place, "BatchNormalization",
                {inputs[0], AddWeight(absl::StrCat(layer, ".weight"), weight),
                 AddWeight(absl::StrCat(layer, ".bias"), bias),
                 AddWeight(absl::StrCat(layer, ".running_mean"), b.mean),
                 AddWeight(absl::StrCat(layer, ".running_var"), b.variance)});
    SetFloat("epsilon", b.epsilon, node);
    return node->name();
  }

  std::string Add(const graph::Linear& l, const Names& inputs, const std::string& place,
                  const std::string& layer) {
    onnx_format::Node* const node =
        AddNode(place, "Gemm",
                {inputs[0], AddWeight(absl::StrCat(layer, ".weight"), l.weight),
                 AddWeight(absl::StrCat(layer, ".bias"), l.bias)});
    SetInt("transB", 1, node);
    return node->name();
  }

  std::string Add(const graph::Relu&, const Names& inputs, const std::string& place,
                  const std::string&) {
    return AddNode(place, "Relu", inputs)->name();
  }

  std::string Add(const graph::Pool& p, const Names& inputs, const std::string& place,
                  const std::string&) {
    const bool is_max = p.kind == graph::Pool::Kind::kMax;
    const char* const type = is_max ? "MaxPool" : "AveragePool";
    onnx_format::Node* const node = AddNode(place, type, inputs);
    SetWindow(p.kernel, p.kernel, p.stride, p.padding, node);
    if (!is_max) SetInt("count_include_pad", 0, node);
    return node->name();
  }

  std::string Add(const graph::GlobalAveragePool&, const Names& inputs, const std::string& place,
                  const std::string& layer) {
    const std::string mean = AddNode(place, "GlobalAveragePool", inputs)->name();
    return Add(graph::Flatten{}, {mean}, place, layer);
  }

  std::string Add(const graph::Flatten&, const Names& inputs, const std::string& place,
                  const std::string&) {
    onnx_format::Node* const node = AddNode(place, "Flatten", inputs);
    SetInt("axis", 1, node);
    return node->name();
  }

  std::string Add(const graph::Crop& c, const Names& inputs, const std::string& place,
                  const std::string&) {
    onnx_format::Node* const node = AddNode(place, "Slice", {inputs[0]});
    constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
    node->add_input(AddIntegers(absl::StrCat(node->name(), ".starts"), {c.top, c.left}));
    node->add_input(AddIntegers(absl::StrCat(node->name(), ".ends"), {kEnd, kEnd}));
    node->add_input(AddIntegers(absl::StrCat(node->name(), ".axes"), {2, 3}));
    return node->name();
  }

  std::string Add(const graph::Zero& z, const Names& inputs, const std::string& place,
                  const std::string&) {
    std::string x = inputs[0];
    if (z.stride > 1) {
      // The node takes one pixel of each `stride` pixels, which is then multiplied by zero.
      onnx_format::Node* const node = AddNode(place, "MaxPool", {x});
      SetWindow(/*height=*/1, /*width=*/1, z.stride, /*padding=*/0, node);
      x = node->name();
    }
    onnx_format::Node* const node = AddNode(place, "Mul", {x});
    node->add_input(AddWeight(absl::StrCat(node->name(), ".zero"), Floats({0}, {})));
    return node->name();
  }

  std::string Add(const graph::Sum&, const Names& inputs, const std::string& place,
                  const std::string&) {
    const char* const type = inputs.size() == 2 ? "Add" : "Sum";
    return AddNode(place, type, inputs)->name();
  }

  std::string Add(const graph::Concat&, const Names& inputs, const std::string& place,
                  const std::string&) {
    onnx_format::Node* const node = AddNode(place, "Concat", inputs);
    SetInt("axis", 1, node);
    return node->name();
  }

  // An InferenceGraph has no such nodes.
  std::string Add(const graph::Identity&, const Names&, const std::string&, const std::string&) {
    LOG(FATAL) << "an inference graph has no identity";
  }
  std::string Add(const graph::DropPath&, const Names&, const std::string&, const std::string&) {
    LOG(FATAL) << "an inference graph has no drop path";
  }

  std::string AddIntegers(const std::string& name, const std::vector<int64_t>& values) {
    return AddWeight(name, at::tensor(values, at::kLong));
  }

  onnx_format::Graph* const onnx_;
  std::set<std::string> names_;    ///< names of nodes, and therefore of values
  std::set<std::string> weights_;  ///< names of initializers
};

/// Declares an input or output of the graph with the type float32. The first size is the size of
/// the batch.
void Declare(const std::string& name, const std::vector<int64_t>& sizes,
             onnx_format::Value* value) {
  value->set_name(name);
  onnx_format::TensorType* const type = value->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx_format::Tensor::FLOAT);
  type->mutable_shape()->add_dim()->set_parameter(kBatch);
  for (const int64_t size : sizes) type->mutable_shape()->add_dim()->set_value(size);
}

std::string NumberList(const std::vector<double>& numbers) {
  Json list = Json::List();
  for (const double number : numbers) list.Append(Json::Shortest(number));
  return list.SpacedLine();
}

void AddProperty(const std::string& key, const std::string& value, onnx_format::Model* onnx) {
  if (value.empty()) return;
  onnx_format::Property* const property = onnx->add_metadata_props();
  property->set_key(key);
  property->set_value(value);
}

void AddMetadata(const ExportedModel& model, onnx_format::Model* onnx) {
  AddProperty("name", model.name, onnx);
  AddProperty("search_space", model.search_space, onnx);
  AddProperty("genotype", model.genotype, onnx);
  if (!model.class_names.empty()) {
    AddProperty("class_names", Json::Texts(model.class_names).SpacedLine(), onnx);
  }
  if (!model.mean.empty()) {
    AddProperty("mean", NumberList(model.mean), onnx);
    AddProperty("deviation", NumberList(model.deviation), onnx);
  }
  AddProperty("fit", model.preparation.stretches ? "stretch" : "crop", onnx);
  AddProperty("border", NumberText(model.preparation.border), onnx);
}

}  // namespace

absl::StatusOr<std::string> EncodeOnnx(const NetworkGraph& graph, const ExportedModel& model,
                                       const OnnxOptions& options) {
  const NetworkGraph inference = InferenceGraph(graph);
  onnx_format::Model onnx;
  onnx.set_ir_version(kIrVersion);
  onnx.set_producer_name("pdarts");
  onnx.set_producer_version(model.version);
  onnx_format::OperatorSet* const operators = onnx.add_opset_import();
  operators->set_domain("");
  operators->set_version(kOperatorSet);
  AddMetadata(model, &onnx);
  onnx.mutable_graph()->set_name(model.name.empty() ? "network" : model.name);

  GraphWriter writer(onnx.mutable_graph());
  std::vector<std::string> values = {kInput};
  if (options.normalize && !model.mean.empty()) {
    const auto channels = static_cast<int64_t>(model.mean.size());
    const auto constant = [&](const char* name, const std::vector<double>& numbers) {
      return writer.AddWeight(name, Floats(numbers, {1, channels, 1, 1}));
    };
    values[0] = writer
                    .AddNode("normalization", "Sub",
                             {values[0], constant("normalization.mean", model.mean)})
                    ->name();
    values[0] = writer
                    .AddNode("normalization", "Div",
                             {values[0], constant("normalization.deviation", model.deviation)})
                    ->name();
  }
  for (const NetworkGraph::Node& node : inference.nodes) {
    std::vector<std::string> inputs;
    for (const int input : node.inputs) inputs.push_back(values[input]);
    values.push_back(writer.AddOperator(node.op, inputs, node.place, node.path));
  }
  std::string output = values[inference.logits];
  std::string output_name = "logits";
  if (options.softmax) {
    onnx_format::Node* const node = writer.AddNode("", "Softmax", {output});
    GraphWriter::SetInt("axis", 1, node);
    output = node->name();
    output_name = "probabilities";
  }
  for (onnx_format::Node& node : *onnx.mutable_graph()->mutable_node()) {
    if (node.output(0) == output) node.set_output(0, output_name);
  }
  Declare(kInput, {model.image.channels, model.image.height, model.image.width},
          onnx.mutable_graph()->add_input());
  Declare(output_name, {model.classes}, onnx.mutable_graph()->add_output());

  if (onnx.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the network takes ", onnx.ByteSizeLong(),
                     " bytes as ONNX, which holds less than 2 GiB; --format=pytorch has no limit"));
  }
  return onnx.SerializeAsString();
}

}  // namespace pdarts
