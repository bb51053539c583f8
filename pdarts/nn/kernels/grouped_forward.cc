#include "pdarts/nn/kernels/grouped_forward.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "ATen/ExpandUtils.h"
#include "ATen/ops/_foreach_lerp.h"
#include "ATen/ops/_native_batch_norm_legit.h"
#include "ATen/ops/avg_pool2d.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/constant_pad_nd.h"
#include "ATen/ops/convolution.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/max_pool2d_with_indices.h"
#include "ATen/ops/mul.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/relu.h"
#include "ATen/ops/result_type.h"
#include "ATen/ops/sum.h"
#include "ATen/ops/zeros.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/dropout.h"

namespace pdarts::nn {
namespace {

at::Tensor Convolution(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                       const ConvolutionCall& call) {
  return at::convolution(input, weight, bias, {call.stride, call.stride},
                         {call.padding, call.padding}, {call.dilation, call.dilation},
                         /*transposed=*/false, /*output_padding=*/{0, 0}, call.groups);
}

at::Tensor Flat(const at::Tensor& x) { return x.reshape({-1}); }

bool HasImageScale(const std::vector<GroupedPlan::Term>& terms) {
  return std::any_of(terms.begin(), terms.end(),
                     [](const GroupedPlan::Term& term) { return term.image_scale.defined(); });
}

/// The contiguous tensor of which the parts are all channels, in order; undefined if there is none.
at::Tensor WholeOf(const std::vector<at::Tensor>& parts) {
  const at::Tensor& first = parts[0];
  int64_t channels = 0;
  for (const at::Tensor& part : parts) {
    const bool is_next =
        part.is_alias_of(first) && part.scalar_type() == first.scalar_type() &&
        part.size(0) == first.size(0) && part.size(2) == first.size(2) &&
        part.size(3) == first.size(3) && part.strides() == first.strides() &&
        part.storage_offset() == first.storage_offset() + channels * first.stride(1);
    if (!is_next) return {};
    channels += part.size(1);
  }
  const at::Tensor whole = first.as_strided({first.size(0), channels, first.size(2), first.size(3)},
                                            first.strides(), first.storage_offset());
  return whole.is_contiguous() ? whole : at::Tensor();
}

}  // namespace

at::Tensor AlongChannels(const std::vector<at::Tensor>& parts) {
  if (parts.size() == 1) return parts[0].contiguous();
  const at::Tensor whole = WholeOf(parts);
  return whole.defined() ? whole : at::cat(parts, 1).contiguous();
}

at::Tensor Join(const std::vector<at::Tensor>& parts) {
  return parts.size() == 1 ? parts[0] : at::cat(parts, 0);
}

at::Tensor Times(const at::Tensor& x, const at::Tensor& factor) {
  if (at::result_type(x, factor) == x.scalar_type()) return at::mul(x, factor);
  at::Tensor out = at::empty(at::infer_size(x.sizes(), factor.sizes()), x.options());
  at::mul_out(out, x, factor);
  return out;
}

at::Tensor SumOver(const at::Tensor& x, int64_t dimension, c10::ScalarType type) {
  const at::IntArrayRef dimensions(dimension);
  return at::sum(x, dimensions, /*keepdim=*/false, type);
}

at::Tensor EverySecond(const at::Tensor& x, int64_t first) {
  return x.slice(2, first, std::numeric_limits<int64_t>::max(), 2)
      .slice(3, first, std::numeric_limits<int64_t>::max(), 2);
}

at::Tensor Channels(const at::Tensor& of_all, int64_t channels, int64_t first, int64_t count) {
  return of_all.defined() ? of_all.narrow(0, first * channels, count * channels) : at::Tensor();
}

ConvolutionCall DepthwiseCall(const GroupedPlan::Batch& batch) {
  return {batch.stride, batch.padding(), batch.dilation, batch.size() * batch.in_channels};
}

ConvolutionCall WeightCall(const GroupedPlan::Batch& batch) {
  switch (batch.kind) {
    case ConvolutionKind::kSeparable:
      return {1, 0, 1, batch.size()};
    case ConvolutionKind::kFactorizedReduce:
      return {1, 0, 1, 2 * batch.size()};
    case ConvolutionKind::kPointwise:
    case ConvolutionKind::kDense:
      return {1, batch.padding(), batch.dilation, 1};
  }
  LOG(FATAL) << "no convolution " << static_cast<int>(batch.kind);
}

operators::Summand PlainSummand(const GroupedPlan::Term& term, const at::Tensor& value) {
  operators::Summand summand;
  summand.value = value;
  summand.gate = term.gate;
  summand.image_scale = term.image_scale;
  summand.coefficient = term.coefficient;
  summand.scale = term.scale;
  summand.place = term.place;
  return summand;
}

at::Tensor Sum(const std::vector<operators::Summand>& summands, const GroupedValues& values) {
  const operators::Summand& first = summands[0];
  const bool is_value = summands.size() == 1 && !first.gate.defined() &&
                        !first.image_scale.defined() && !first.place && first.scale == 1 &&
                        first.coefficient == operators::Summand::kNoCoefficient;
  return is_value ? first.value : operators::SumTerms(summands, values.factors, values.dropout);
}

GroupedForward::GroupedForward(const GroupedPlan& plan, const std::vector<at::Tensor>& inputs,
                               const at::Tensor& coefficients)
    : plan_(plan),
      inputs_(inputs),
      coefficients_(coefficients.detach()),
      storage_(inputs[0].options().requires_grad(false)),
      computed_(coefficients_.options()) {
  values_.batches.resize(plan.batches.size());
  values_.nodes.resize(plan.nodes.size());
  values_.pools.resize(plan.pools.size());
  chain_values_.resize(plan.chains.size());
}

at::Tensor GroupedForward::Run() {
  if (plan_.num_inner + plan_.num_normalized > 0) {
    CheckCanNormalize(plan_.settings.training, plan_.images * plan_.height * plan_.width,
                      plan_.channels);
  }
  AssembleWeights();
  AssembleCoefficients();
  AssembleStatistics();
  std::vector<int> sources;
  for (int i = 0; i < plan_.num_inputs; ++i) {
    values_.nodes[i].value = inputs_[i].contiguous();
    sources.push_back(i);
  }
  ComputeLevel(0, sources);
  std::vector<at::Tensor> outputs;
  for (int node = plan_.num_inputs; node < plan_.num_nodes(); ++node) {
    ComputeNode(node);
    ComputeLevel(static_cast<size_t>(node - plan_.num_inputs) + 1, {node});
    if (plan_.nodes[node].place_in_output >= 0) outputs.emplace_back();
  }
  for (int node = plan_.num_inputs; node < plan_.num_nodes(); ++node) {
    const int place = plan_.nodes[node].place_in_output;
    if (place >= 0) outputs[place] = values_.nodes[node].value;
  }
  MoveRunningStatistics();
  // The values must not refer to the output itself: the output keeps the backward pass alive, which
  // keeps the values alive.
  return outputs.size() == 1 ? outputs[0].detach() : at::cat(outputs, 1);
}

void GroupedForward::AssembleWeights() {
  // The smaller kernels of mixed batches, with their margins of zeros.
  std::vector<at::Tensor> small;
  for (const GroupedPlan::Batch& batch : plan_.batches) {
    if (!batch.is_mixed) continue;
    for (const int chain : batch.chains) {
      const at::Tensor& depthwise =
          plan_.chains[chain].convolutions[batch.place_in_chain].convolution.depthwise;
      if (depthwise.size(2) < batch.kernel) small.push_back(Flat(depthwise));
    }
  }
  at::Tensor padded;
  if (!small.empty()) {
    padded = at::constant_pad_nd(Join(small).reshape({-1, 3, 3}),
                                 {kKernelMargin, kKernelMargin, kKernelMargin, kKernelMargin});
  }
  std::vector<at::Tensor> parts;
  int64_t next = 0;
  for (const GroupedPlan::Batch& batch : plan_.batches) {
    const auto add = [&](at::Tensor ReluConvolution::*member) {
      for (const int chain : batch.chains) {
        parts.push_back(
            Flat(plan_.chains[chain].convolutions[batch.place_in_chain].convolution.*member));
      }
    };
    switch (batch.kind) {
      case ConvolutionKind::kSeparable:
        for (const int chain : batch.chains) {
          const at::Tensor& depthwise =
              plan_.chains[chain].convolutions[batch.place_in_chain].convolution.depthwise;
          if (depthwise.size(2) == batch.kernel) {
            parts.push_back(Flat(depthwise));
            continue;
          }
          parts.push_back(Flat(padded.narrow(0, next, depthwise.size(0))));
          next += depthwise.size(0);
        }
        add(&ReluConvolution::weight);
        break;
      case ConvolutionKind::kFactorizedReduce:
        for (const int chain : batch.chains) {
          const ReluConvolution& convolution =
              plan_.chains[chain].convolutions[batch.place_in_chain].convolution;
          parts.push_back(Flat(convolution.weight));
          parts.push_back(Flat(convolution.second_weight));
        }
        break;
      case ConvolutionKind::kPointwise:
      case ConvolutionKind::kDense:
        add(&ReluConvolution::weight);
        break;
    }
    if (batch.has_bias) add(&ReluConvolution::bias);
  }
  if (parts.empty()) return;
  const at::Tensor all = Join(parts).to(storage_.dtype().toScalarType());
  int64_t taken = 0;
  const auto take = [&](at::IntArrayRef sizes) {
    int64_t size = 1;
    for (const int64_t side : sizes) size *= side;
    taken += size;
    return all.narrow(0, taken - size, size).view(sizes);
  };
  for (size_t i = 0; i < plan_.batches.size(); ++i) {
    const GroupedPlan::Batch& batch = plan_.batches[i];
    GroupedValues::OfBatch& values = values_.batches[i];
    const bool separable = batch.kind == ConvolutionKind::kSeparable;
    const int64_t in = batch.in_channels, out = batch.size() * plan_.channels;
    if (separable) {
      values.depthwise = take({batch.size() * in, 1, batch.kernel, batch.kernel});
    }
    const int64_t kernel = batch.kind == ConvolutionKind::kDense ? batch.kernel : 1;
    values.weight = take({out, in, kernel, kernel});
    if (batch.has_bias) values.bias = take({out});
  }
}

void GroupedForward::AssembleCoefficients() {
  values_.factors = coefficients_.to(operators::SumType(storage_.dtype().toScalarType()));
  if (plan_.dropout) {
    values_.dropout =
        NumbersOf(*plan_.dropout, {plan_.images, plan_.channels, plan_.height, plan_.width});
  }
  std::vector<at::Tensor> normalized, weights, biases;
  at::Tensor ones, zeros;
  const auto add_affine = [&](const BatchNormArgs& batch_norm) {
    if (!batch_norm.weight.defined() && !ones.defined()) {
      ones = at::ones({plan_.channels}, computed_);
      zeros = at::zeros({plan_.channels}, computed_);
    }
    weights.push_back(batch_norm.weight.defined() ? batch_norm.weight : ones);
    biases.push_back(batch_norm.bias.defined() ? batch_norm.bias : zeros);
  };
  for (const GroupedPlan::Node& node : plan_.nodes) {
    for (const GroupedPlan::Term& term : node.normalized) {
      normalized.push_back(coefficients_.narrow(0, term.coefficient, 1));
      if (plan_.is_affine) add_affine(term.batch_norm);
    }
  }
  if (!normalized.empty()) {
    if (plan_.is_affine) values_.coefficients = Join(normalized);
    // The batch normalization also multiplies by the coefficient.
    for (at::Tensor& coefficient : normalized) coefficient = coefficient.expand({plan_.channels});
    values_.term_weights = Join(normalized).contiguous();
    if (plan_.is_affine) {
      values_.affine_weights = Join(weights);
      values_.affine_biases = Join(biases);
      values_.term_biases = at::mul(values_.term_weights, values_.affine_biases);
      values_.term_weights = at::mul(values_.term_weights, values_.affine_weights);
    }
  }
  if (plan_.num_inner == 0) return;
  if (plan_.is_affine) {
    weights.clear();
    biases.clear();
    const std::vector<const BatchNormArgs*> all = plan_.BatchNorms();
    for (int64_t i = 0; i < plan_.num_inner; ++i) add_affine(*all[i]);
    values_.inner_weights = Join(weights);
    values_.inner_biases = Join(biases);
  } else if (storage_.dtype() != computed_.dtype()) {
    // LibTorch keeps the statistics in the type of the weights.
    values_.inner_weights = at::ones({plan_.num_inner * plan_.channels}, computed_);
  }
}

void GroupedForward::AssembleStatistics() {
  const std::vector<const BatchNormArgs*> all = plan_.BatchNorms();
  if (all.empty()) return;
  if (!plan_.settings.training) {
    std::vector<at::Tensor> means, variances;
    for (const BatchNormArgs* const batch_norm : all) {
      means.push_back(batch_norm->running_mean);
      variances.push_back(batch_norm->running_var);
    }
    values_.means = Join(means);
    values_.variances = Join(variances);
  } else if (plan_.settings.update_statistics) {
    // A batch normalization with a momentum of 1 replaces these by the statistics of the batch.
    const at::Tensor zeros =
        at::zeros({2, static_cast<int64_t>(all.size()) * plan_.channels}, computed_);
    values_.means = zeros.select(0, 0);
    values_.variances = zeros.select(0, 1);
  }
}

void GroupedForward::MoveRunningStatistics() {
  if (!plan_.settings.training || !values_.means.defined()) return;
  std::vector<at::Tensor> running, of_batch;
  int64_t place = 0;
  for (const BatchNormArgs* const batch_norm : plan_.BatchNorms()) {
    running.push_back(batch_norm->running_mean);
    of_batch.push_back(Channels(values_.means, plan_.channels, place, 1));
    running.push_back(batch_norm->running_var);
    of_batch.push_back(Channels(values_.variances, plan_.channels, place++, 1));
  }
  at::_foreach_lerp_(running, of_batch, at::Scalar(plan_.settings.momentum));
  // The backward pass needs the means and variances only in evaluation mode.
  values_.means.reset();
  values_.variances.reset();
}

void GroupedForward::ComputeLevel(size_t level, const std::vector<int>& sources) {
  for (const int source : sources) {
    GroupedValues::OfNode& node = values_.nodes[source];
    if (plan_.nodes[source].has_chains) node.positive = at::relu(node.value);
    for (const int pool : plan_.nodes[source].pools) ComputePool(pool);
  }
  for (const size_t first : plan_.firsts[level]) {
    ComputeFirst(plan_.batches[first], values_.batches[first]);
  }
  for (const size_t second : plan_.seconds[level]) {
    ComputeSecond(plan_.batches[second], values_.batches[second]);
  }
}

void GroupedForward::ComputePool(int number) {
  const GroupedPlan::Pool& pool = plan_.pools[number];
  const at::Tensor& source = values_.nodes[pool.source].value;
  GroupedValues::OfPool& values = values_.pools[number];
  const std::vector<int64_t> kernel = {3, 3}, stride = {pool.stride, pool.stride}, one = {1, 1};
  if (pool.kind == CellOperation::Kind::kMaxPool) {
    std::tie(values.value, values.indices) =
        at::max_pool2d_with_indices(source, kernel, stride, /*padding=*/one, /*dilation=*/one);
  } else {
    values.value = at::avg_pool2d(source, kernel, stride, /*padding=*/one, /*ceil_mode=*/false,
                                  /*count_include_pad=*/false);
  }
}

void GroupedForward::ComputeFirst(const GroupedPlan::Batch& batch, GroupedValues::OfBatch& values) {
  std::vector<at::Tensor> parts;
  for (const int chain : batch.chains) {
    const at::Tensor& positive = values_.nodes[plan_.chains[chain].source].positive;
    switch (batch.kind) {
      case ConvolutionKind::kSeparable:
        parts.push_back(positive);
        break;
      case ConvolutionKind::kFactorizedReduce:
        parts.push_back(EverySecond(positive, 0));
        parts.push_back(EverySecond(positive, 1));
        break;
      case ConvolutionKind::kPointwise:
      case ConvolutionKind::kDense:
        if (parts.empty()) parts.push_back(positive);  // all convolutions read the same source
        break;
    }
  }
  values.input = AlongChannels(parts);
  SetChainValues(batch, Convolve(batch, values));
}

void GroupedForward::SetChainValues(const GroupedPlan::Batch& batch, const at::Tensor& of_all) {
  for (int64_t i = 0; i < batch.size(); ++i) {
    chain_values_[batch.chains[i]] = of_all.narrow(1, i * plan_.channels, plan_.channels);
  }
}

void GroupedForward::ComputeSecond(const GroupedPlan::Batch& batch,
                                   GroupedValues::OfBatch& values) {
  std::vector<at::Tensor> parts;
  for (const int chain : batch.chains) parts.push_back(chain_values_[chain]);
  values.before = AlongChannels(parts);
  Normalized normalized =
      Normalize(values.before,
                Channels(values_.inner_weights, plan_.channels, batch.first_inner, batch.size()),
                Channels(values_.inner_biases, plan_.channels, batch.first_inner, batch.size()),
                batch.first_inner, batch.size());
  values.mean = normalized.mean;
  values.inverse_standard_deviation = normalized.inverse_standard_deviation;
  values.input = at::relu_(normalized.value);
  SetChainValues(batch, Convolve(batch, values));
}

at::Tensor GroupedForward::Convolve(const GroupedPlan::Batch& batch,
                                    GroupedValues::OfBatch& values) const {
  if (batch.kind != ConvolutionKind::kSeparable) {
    return Convolution(values.input, values.weight, values.bias, WeightCall(batch));
  }
  values.middle = Convolution(values.input, values.depthwise, {}, DepthwiseCall(batch));
  return Convolution(values.middle, values.weight, values.bias, WeightCall(batch));
}

void GroupedForward::ComputeNode(int number) {
  const GroupedPlan::Node& node = plan_.nodes[number];
  GroupedValues::OfNode& values = values_.nodes[number];
  std::vector<operators::Summand> summands;
  if (!node.normalized.empty()) ComputeNormalized(node, values, &summands);
  for (const GroupedPlan::Term& term : node.plain) {
    summands.push_back(PlainSummand(term, ValueOf(term)));
  }
  if (summands.empty()) {
    values.value = at::zeros({plan_.images, plan_.channels, plan_.height, plan_.width}, storage_);
    return;
  }
  values.value = Sum(summands, values_).contiguous();
}

void GroupedForward::ComputeNormalized(const GroupedPlan::Node& node, GroupedValues::OfNode& values,
                                       std::vector<operators::Summand>* summands) {
  std::vector<at::Tensor> parts;
  for (const GroupedPlan::Term& term : node.normalized) parts.push_back(ValueOf(term));
  values.before = AlongChannels(parts);
  const auto count = static_cast<int64_t>(node.normalized.size());
  Normalized normalized = Normalize(
      values.before, Channels(values_.term_weights, plan_.channels, node.first_normalized, count),
      Channels(values_.term_biases, plan_.channels, node.first_normalized, count),
      plan_.num_inner + node.first_normalized, count);
  values.mean = normalized.mean;
  values.inverse_standard_deviation = normalized.inverse_standard_deviation;
  if (HasImageScale(node.normalized)) values.normalized_scales = ImageScales(node.normalized);
  for (int64_t i = 0; i < count; ++i) {
    operators::Summand& summand = summands->emplace_back();
    summand.value = normalized.value.narrow(1, i * plan_.channels, plan_.channels);
    summand.image_scale = node.normalized[static_cast<size_t>(i)].image_scale;
  }
}

GroupedForward::Normalized GroupedForward::Normalize(const at::Tensor& x, const at::Tensor& weight,
                                                     const at::Tensor& bias, int64_t first,
                                                     int64_t count) {
  Normalized result;
  if (!values_.means.defined()) {
    std::tie(result.value, result.mean, result.inverse_standard_deviation) =
        at::_native_batch_norm_legit(x, weight, bias, /*training=*/true, /*momentum=*/0,
                                     plan_.settings.eps);
    return result;
  }
  at::Tensor mean = Channels(values_.means, plan_.channels, first, count);
  at::Tensor variance = Channels(values_.variances, plan_.channels, first, count);
  std::tie(result.value, result.mean, result.inverse_standard_deviation) =
      at::_native_batch_norm_legit(x, weight, bias, mean, variance, plan_.settings.training,
                                   /*momentum=*/1, plan_.settings.eps);
  return result;
}

at::Tensor GroupedForward::ValueOf(const GroupedPlan::Term& term) const {
  switch (term.value) {
    case GroupedPlan::Term::Value::kSource:
      return values_.nodes[term.number].value;
    case GroupedPlan::Term::Value::kPool:
      return values_.pools[term.number].value;
    case GroupedPlan::Term::Value::kChain:
      return chain_values_[term.number];
  }
  LOG(FATAL) << "no value " << static_cast<int>(term.value);
}

at::Tensor GroupedForward::ImageScales(const std::vector<GroupedPlan::Term>& terms) {
  std::vector<at::Tensor> columns;
  for (const GroupedPlan::Term& term : terms) {
    if (!term.image_scale.defined() && !ones_.defined()) {
      ones_ = at::ones({plan_.images, 1}, computed_.dtype(at::kFloat));
    }
    columns.push_back(term.image_scale.defined() ? term.image_scale.reshape({plan_.images, 1})
                                                 : ones_);
  }
  return columns.size() == 1 ? columns[0] : at::cat(columns, 1);
}

}  // namespace pdarts::nn
