#include "benchmarks/cell_work.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "glog/logging.h"

namespace pdarts::nn {
namespace {

using Kind = CellOperation::Kind;

constexpr double kOfStatistics = 2;
constexpr double kOfPool = 4;
constexpr double kOfNormalizationGradient = 2;
constexpr double kOfNormalizationSums = 3;

/// The sizes of a batch of images.
struct Extent {
  int64_t images = 0, channels = 0, height = 0, width = 0;
  double pixels() const {
    return static_cast<double>(images) * static_cast<double>(height) * static_cast<double>(width);
  }
  double values() const { return pixels() * static_cast<double>(channels); }
};

/// The ReLU, the convolution and the batch normalization of one step in a chain.
struct Step {
  double in_values = 0, out_values = 0;
  double depthwise = 0;   ///< multiply-adds
  double matrix = 0;      ///< multiply-adds
  bool by_batch = false;  ///< whether it is normalized with the statistics of the batch
};

/// A value that is computed from one source. Edges share the values of pools.
struct Value {
  Kind kind = Kind::kIdentity;
  int from = 0;
  int64_t stride = 1;
  std::vector<int> targets;
  std::vector<Step> steps;  ///< for kConvolution
  double values = 0;        ///< number of values in the result
  double mask_bytes = 0;    ///< for kIdentity: bytes of the dropout mask
  bool normalizes = false;
  bool by_batch = false;  ///< whether the statistics of the batch normalize any of its terms
};

Step StepOf(const CellOperation::ReluConvBn& round, Extent* extent) {
  const ReluConvolution& convolution = round.convolution;
  Step step;
  step.in_values = extent->values();
  step.by_batch = round.batch_norm.training;
  int64_t out_channels = convolution.weight.size(0);
  if (convolution.second_weight.defined()) out_channels += convolution.second_weight.size(0);
  CHECK_EQ(convolution.weight.size(1), extent->channels);
  const auto area = [](const at::Tensor& weight) {
    return static_cast<double>(weight.size(2) * weight.size(3));
  };
  extent->height = (extent->height - 1) / convolution.stride + 1;
  extent->width = (extent->width - 1) / convolution.stride + 1;
  if (convolution.depthwise.defined()) {
    step.depthwise = extent->values() * area(convolution.depthwise);
  }
  step.matrix = extent->values() * area(convolution.weight) * static_cast<double>(out_channels);
  extent->channels = out_channels;
  step.out_values = extent->values();
  return step;
}

class Counter {
 public:
  Counter(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs)
      : cell_(cell), bytes_(static_cast<double>(inputs[0].element_size())) {
    for (const at::Tensor& input : inputs) {
      extents_.push_back({input.size(0), input.size(1), input.size(2), input.size(3)});
    }
    const Extent node = {inputs[0].size(0), cell.channels, cell.height, cell.width};
    extents_.resize(cell.num_nodes, node);
    for (const CellEdge& edge : cell.edges) {
      for (const CellOperation& operation : edge.operations) Add(edge, operation);
    }
  }

  PassWork Forward() const {
    PassWork work;
    for (int node = 0; node < cell_.num_nodes; ++node) {
      if (!IsInput(node)) work.written_bytes += bytes_ * Values(node);
      // The image of a node whose sum was just computed is in the cache.
      if (IsInput(node) &&
          AnyFrom(node, [](const Value& v) { return v.kind != Kind::kIdentity; })) {
        work.read_bytes += bytes_ * Values(node);
      }
    }
    for (const Value& v : values_) {
      for (size_t r = 0; r < v.steps.size(); ++r) {
        const Step& step = v.steps[r];
        work.written_bytes += bytes_ * step.out_values;
        work.matrix += step.matrix;
        work.other += step.depthwise + (step.by_batch ? kOfStatistics * step.out_values : 0);
        if (r == 0) continue;
        work.read_bytes += bytes_ * step.in_values;
        work.other += step.in_values;  // normalized
      }
      if (IsPool(v)) {
        work.written_bytes += bytes_ * v.values;
        work.other += (kOfPool + (v.by_batch ? kOfStatistics : 0)) * v.values;
      }
      const auto terms = static_cast<double>(v.targets.size());
      work.read_bytes += terms * (bytes_ * v.values + v.mask_bytes);
      work.other += terms * v.values;
    }
    return work;
  }

  PassWork Backward(bool of_weights) const {
    PassWork work;
    for (int node = cell_.num_inputs; node < cell_.num_nodes; ++node) {
      NodeSums(node, /*of_coefficients=*/!of_weights, &work);
    }
    std::vector<int> inputs;
    for (int node = 0; node < cell_.num_inputs; ++node) inputs.push_back(node);
    SourcesBackward(inputs, of_weights, &work);
    for (int node = cell_.num_inputs; node < cell_.num_nodes; ++node) {
      if (IsConsumed(node)) SourcesBackward({node}, of_weights, &work);
    }
    return work;
  }

 private:
  void Add(const CellEdge& edge, const CellOperation& operation) {
    Extent extent = extents_[edge.from];
    if (operation.kind == Kind::kMaxPool || operation.kind == Kind::kAveragePool) {
      const bool by_batch = operation.batch_norm && operation.batch_norm->training;
      for (Value& v : values_) {
        if (v.kind != operation.kind || v.from != edge.from || v.stride != operation.stride) {
          continue;
        }
        v.targets.push_back(edge.to);
        v.normalizes |= operation.batch_norm.has_value();
        v.by_batch |= by_batch;
        return;
      }
      Value v;
      v.by_batch = by_batch;
      v.normalizes = operation.batch_norm.has_value();
      v.stride = operation.stride;
      extent.height = (extent.height - 1) / operation.stride + 1;
      extent.width = (extent.width - 1) / operation.stride + 1;
      AddValue(std::move(v), edge, operation, extent);
      return;
    }
    Value v;
    for (const CellOperation::ReluConvBn& round : operation.chain) {
      v.steps.push_back(StepOf(round, &extent));
    }
    if (!v.steps.empty()) {
      v.normalizes = true;
      v.by_batch = v.steps.back().by_batch;
    }
    if (operation.dropout_mask.defined()) v.mask_bytes = extent.values();
    AddValue(std::move(v), edge, operation, extent);
  }

  void AddValue(Value v, const CellEdge& edge, const CellOperation& operation,
                const Extent& extent) {
    v.kind = operation.kind;
    v.from = edge.from;
    v.targets = {edge.to};
    v.values = extent.values();
    values_.push_back(std::move(v));
  }

  static bool IsPool(const Value& v) {
    return v.kind == Kind::kMaxPool || v.kind == Kind::kAveragePool;
  }
  bool IsInput(int node) const { return node < cell_.num_inputs; }
  double Values(int node) const { return extents_[node].values(); }

  template <typename Predicate>
  bool AnyFrom(int node, const Predicate& predicate) const {
    return std::any_of(values_.begin(), values_.end(),
                       [&](const Value& v) { return v.from == node && predicate(v); });
  }
  bool IsConsumed(int node) const {
    return AnyFrom(node, [](const Value&) { return true; });
  }
  bool IsOutput(int node) const {
    return std::count(cell_.output_nodes.begin(), cell_.output_nodes.end(), node) > 0;
  }

  /// Adds the sums over the gradient of a node that its terms need.
  void NodeSums(int node, bool of_coefficients, PassWork* work) const {
    bool any = false, any_normalizes = false;
    for (const Value& v : values_) {
      const auto terms = static_cast<double>(std::count(v.targets.begin(), v.targets.end(), node));
      if (terms == 0 || !(v.normalizes || of_coefficients)) continue;
      any = true;
      any_normalizes |= v.normalizes;
      work->read_bytes += terms * (bytes_ * v.values + v.mask_bytes);
      work->other += terms * (v.normalizes ? kOfNormalizationSums - 1 : 1) * v.values;
    }
    if (any_normalizes) work->other += Values(node);
    // The gradient of a node that other nodes use has just been computed.
    if (any && !IsConsumed(node)) work->read_bytes += bytes_ * Values(node);
  }

  /// Adds the gradients of a convolution for its input and, if `of_weights` is true, for its
  /// weights.
  void ConvolutionBackward(const Step& step, bool of_weights, PassWork* work) const {
    const double times = of_weights ? 2 : 1;
    work->matrix += times * step.matrix;
    work->other += times * step.depthwise;
    // The gradient of the weights of the 1x1 convolution needs the result of the depthwise
    // convolution.
    if (of_weights) work->recomputed += step.depthwise;
    if (step.by_batch) {
      work->read_bytes += bytes_ * step.out_values;
      work->other += kOfNormalizationGradient * step.out_values;
    } else {
      work->other += step.out_values;
    }
  }

  /// Adds the gradients of these sources, which are computed together.
  void SourcesBackward(const std::vector<int>& sources, bool of_weights, PassWork* work) const {
    std::vector<const Value*> own;
    size_t most_steps = 1;
    for (const Value& v : values_) {
      if (std::count(sources.begin(), sources.end(), v.from) == 0) continue;
      own.push_back(&v);
      most_steps = std::max(most_steps, v.steps.size());
    }
    for (size_t r = most_steps - 1; r >= 1; --r) {
      std::set<int> targets;
      for (const Value* v : own) {
        if (r >= v->steps.size()) continue;
        const Step& step = v->steps[r];
        if (r + 1 == v->steps.size()) {
          targets.insert(v->targets[0]);
        } else {
          work->read_bytes += bytes_ * step.out_values;  // the gradient after its normalization
        }
        ConvolutionBackward(step, of_weights, work);
        work->read_bytes += bytes_ * step.in_values;
        work->recomputed += step.in_values;  // it is normalized again
        work->written_bytes += bytes_ * step.in_values;
        work->other += kOfNormalizationSums * step.in_values;
      }
      for (const int target : targets) work->read_bytes += bytes_ * Values(target);
    }
    std::set<int> targets;
    for (const Value* v : own) {
      if (v->steps.size() > 1) {
        work->read_bytes +=
            bytes_ * v->steps[0].out_values;  // the gradient after its normalization
      } else {
        targets.insert(v->targets.begin(), v->targets.end());
      }
      if (!v->steps.empty()) ConvolutionBackward(v->steps[0], of_weights, work);
      if (IsPool(*v)) {
        if (v->by_batch || v->kind == Kind::kMaxPool) work->read_bytes += bytes_ * v->values;
        const double sums = static_cast<double>(v->targets.size()) + (v->by_batch ? 1 : 0);
        work->other += (sums + kOfPool) * v->values;
      }
      if (v->kind == Kind::kIdentity) {
        work->read_bytes += v->mask_bytes;
        work->other += v->values;
      }
    }
    for (const int target : targets) work->read_bytes += bytes_ * Values(target);
    for (const int source : sources) {
      const bool is_read = AnyFrom(source, [](const Value& v) {
        return v.kind == Kind::kConvolution || v.kind == Kind::kMaxPool;
      });
      if (is_read) work->read_bytes += bytes_ * Values(source);
      if (!IsInput(source) && IsOutput(source)) work->read_bytes += bytes_ * Values(source);
      work->written_bytes += bytes_ * Values(source);
    }
  }

  const MixedCellArgs& cell_;
  const double bytes_;           ///< bytes of one stored value
  std::vector<Extent> extents_;  ///< for each node
  std::vector<Value> values_;
};

}  // namespace

CellWork Count(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs) {
  CHECK_EQ(static_cast<int>(inputs.size()), cell.num_inputs);
  const Counter counter(cell, inputs);
  return {counter.Forward(), counter.Backward(/*of_weights=*/true),
          counter.Backward(/*of_weights=*/false)};
}

}  // namespace pdarts::nn
