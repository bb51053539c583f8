#include "pdarts/nn/kernels/grouped_backward.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "ATen/ops/add.h"
#include "ATen/ops/avg_pool2d_backward.h"
#include "ATen/ops/convolution_backward.h"
#include "ATen/ops/max_pool2d_with_indices_backward.h"
#include "ATen/ops/mul.h"
#include "ATen/ops/native_batch_norm_backward.h"
#include "ATen/ops/threshold_backward.h"
#include "ATen/ops/zeros.h"
#include "ATen/ops/zeros_like.h"
#include "glog/logging.h"

namespace pdarts::nn {
namespace {

operators::Summand AsSummand(const at::Tensor& value, const at::Tensor& gate = {}) {
  operators::Summand summand;
  summand.value = value;
  summand.gate = gate;
  return summand;
}

/// The gradients of input, weight and bias; undefined if `mask` is false.
std::tuple<at::Tensor, at::Tensor, at::Tensor> ConvolutionBackward(const at::Tensor& gradient,
                                                                   const at::Tensor& input,
                                                                   const at::Tensor& weight,
                                                                   const ConvolutionCall& call,
                                                                   std::array<bool, 3> mask) {
  const std::vector<int64_t> bias_sizes = {weight.size(0)};
  return at::convolution_backward(gradient, input, weight, at::IntArrayRef(bias_sizes),
                                  {call.stride, call.stride}, {call.padding, call.padding},
                                  {call.dilation, call.dilation}, /*transposed=*/false,
                                  /*output_padding=*/{0, 0}, call.groups, mask);
}

}  // namespace

GroupedBackward::GroupedBackward(const GroupedPlan& plan, const GroupedValues& values,
                                 const at::Tensor& gradient, std::vector<bool> wants,
                                 c10::ScalarType type)
    : plan_(plan),
      values_(values),
      gradient_(gradient.contiguous()),
      wants_(std::move(wants)),
      type_(type),
      to_nodes_(plan.nodes.size()),
      to_pools_(plan.pools.size()),
      to_chains_(plan.chains.size()),
      batches_(plan.batches.size()),
      nodes_(plan.nodes.size()) {}

std::vector<at::Tensor> GroupedBackward::Run() {
  for (int node = plan_.num_inputs; node < plan_.num_nodes(); ++node) {
    const int place = plan_.nodes[node].place_in_output;
    if (place < 0) continue;
    to_nodes_[node].push_back(
        AsSummand(gradient_.narrow(1, place * plan_.channels, plan_.channels)));
  }
  for (int node = plan_.num_nodes() - 1; node >= plan_.num_inputs; --node) {
    Level(static_cast<size_t>(node - plan_.num_inputs) + 1, {node});
    NodeBackward(node);
  }
  std::vector<int> inputs;
  for (int i = 0; i < plan_.num_inputs; ++i) inputs.push_back(i);
  Level(0, inputs);

  std::vector<at::Tensor> results(wants_.size());
  for (int i = 0; i < plan_.num_inputs; ++i) {
    if (wants_[1 + i] && !to_nodes_[i].empty()) results[1 + i] = Sum(to_nodes_[i], values_);
  }
  if (WantsCoefficients()) WriteCoefficients(&results);
  if (plan_.is_affine) WriteTermAffine(&results);
  WriteBatches(&results);
  return results;
}

bool GroupedBackward::WantsOf(const GroupedPlan::Batch& batch,
                              GroupedPlan::ConvolutionInput parameter) const {
  return std::any_of(batch.chains.begin(), batch.chains.end(), [&](int chain) {
    // The batch normalization before the ReLU belongs to the previous ReLU-conv-BN of the chain.
    const size_t place =
        parameter >= GroupedPlan::kNormWeight ? batch.place_in_chain - 1 : batch.place_in_chain;
    return wants_[plan_.chains[chain].convolutions[place].first_input + parameter];
  });
}

void GroupedBackward::Level(size_t level, const std::vector<int>& sources) {
  for (const size_t second : plan_.seconds[level]) SecondBackward(second);
  for (const size_t first : plan_.firsts[level]) FirstBackward(first);
  for (const int source : sources) {
    if (!WantsNode(source)) continue;
    for (const int pool : plan_.nodes[source].pools) PoolBackward(pool);
  }
}

at::Tensor GroupedBackward::TakeChainGradients(const GroupedPlan::Batch& batch) {
  const auto is_dead = [this](int chain) { return !to_chains_[chain].defined(); };
  if (std::all_of(batch.chains.begin(), batch.chains.end(), is_dead)) return {};
  std::vector<at::Tensor> parts;
  for (const int chain : batch.chains) {
    // The output does not depend on a node that is neither in the output nor the source of an
    // operation.
    parts.push_back(is_dead(chain)
                        ? at::zeros({plan_.images, plan_.channels, plan_.height, plan_.width},
                                    gradient_.options())
                        : to_chains_[chain]);
    to_chains_[chain].reset();
  }
  return AlongChannels(parts);
}

void GroupedBackward::FirstBackward(size_t number) {
  const GroupedPlan::Batch& batch = plan_.batches[number];
  const at::Tensor gradient = TakeChainGradients(batch);
  if (!gradient.defined()) return;
  const bool wants_input = std::any_of(batch.chains.begin(), batch.chains.end(), [this](int chain) {
    return WantsNode(plan_.chains[chain].source);
  });
  const at::Tensor input = ConvolveBackward(number, gradient, wants_input);
  if (!wants_input) return;
  const auto add = [this](int source, const at::Tensor& of_positive) {
    to_nodes_[source].push_back(AsSummand(of_positive, values_.nodes[source].positive));
  };
  switch (batch.kind) {
    case ConvolutionKind::kSeparable:
      for (int64_t i = 0; i < batch.size(); ++i) {
        add(plan_.chains[batch.chains[i]].source,
            input.narrow(1, i * batch.in_channels, batch.in_channels));
      }
      return;
    case ConvolutionKind::kFactorizedReduce: {
      // [source]: the gradients of the pixels from the first and from the second row and column.
      std::map<int, std::array<std::vector<operators::Summand>, 2>> halves;
      for (int64_t i = 0; i < batch.size(); ++i) {
        for (int64_t half = 0; half < 2; ++half) {
          halves[plan_.chains[batch.chains[i]].source][half].push_back(
              AsSummand(input.narrow(1, (2 * i + half) * batch.in_channels, batch.in_channels)));
        }
      }
      for (const auto& [source, parts_of_source] : halves) {
        const at::Tensor whole = at::zeros_like(values_.nodes[source].positive);
        for (int64_t half = 0; half < 2; ++half) {
          EverySecond(whole, half).copy_(Sum(parts_of_source[half], values_));
        }
        add(source, whole);
      }
      return;
    }
    case ConvolutionKind::kPointwise:
    case ConvolutionKind::kDense:
      add(plan_.chains[batch.chains[0]].source, input);
      return;
  }
}

void GroupedBackward::SecondBackward(size_t number) {
  const GroupedPlan::Batch& batch = plan_.batches[number];
  const at::Tensor gradient = TakeChainGradients(batch);
  if (!gradient.defined()) return;
  const GroupedValues::OfBatch& values = values_.batches[number];
  const at::Tensor input = ConvolveBackward(number, gradient, /*wants_input=*/true);
  const bool wants_affine = plan_.is_affine && (WantsOf(batch, GroupedPlan::kNormWeight) ||
                                                WantsOf(batch, GroupedPlan::kNormBias));
  at::Tensor before;
  std::tie(before, batches_[number].norm_weight, batches_[number].norm_bias) =
      at::native_batch_norm_backward(
          at::threshold_backward(input, values.input, /*threshold=*/0), values.before,
          Channels(values_.inner_weights, plan_.channels, batch.first_inner, batch.size()),
          Channels(values_.means, plan_.channels, batch.first_inner, batch.size()),
          Channels(values_.variances, plan_.channels, batch.first_inner, batch.size()), values.mean,
          values.inverse_standard_deviation, plan_.settings.training, plan_.settings.eps,
          {true, wants_affine, wants_affine});
  for (int64_t i = 0; i < batch.size(); ++i) {
    to_chains_[batch.chains[i]] = before.narrow(1, i * plan_.channels, plan_.channels);
  }
}

at::Tensor GroupedBackward::ConvolveBackward(size_t number, const at::Tensor& gradient,
                                             bool wants_input) {
  const GroupedPlan::Batch& batch = plan_.batches[number];
  const GroupedValues::OfBatch& values = values_.batches[number];
  OfBatch& own = batches_[number];
  const bool separable = batch.kind == ConvolutionKind::kSeparable;
  const bool wants_depthwise = separable && WantsOf(batch, GroupedPlan::kDepthwise);
  const bool wants_weight =
      WantsOf(batch, GroupedPlan::kWeight) || (batch.kind == ConvolutionKind::kFactorizedReduce &&
                                               WantsOf(batch, GroupedPlan::kSecondWeight));
  const bool wants_bias = batch.has_bias && WantsOf(batch, GroupedPlan::kBias);
  const bool wants_middle = wants_input || wants_depthwise;
  if (!wants_middle && !wants_weight && !wants_bias) return {};
  at::Tensor middle, none;
  std::tie(middle, own.weight, own.bias) =
      ConvolutionBackward(gradient, separable ? values.middle : values.input, values.weight,
                          WeightCall(batch), {wants_middle, wants_weight, wants_bias});
  if (!separable || !wants_middle) return middle;
  at::Tensor input;
  std::tie(input, own.depthwise, none) =
      ConvolutionBackward(middle, values.input, values.depthwise, DepthwiseCall(batch),
                          {wants_input, wants_depthwise, false});
  return input;
}

void GroupedBackward::NodeBackward(int number) {
  if (to_nodes_[number].empty()) return;
  const at::Tensor gradient = Sum(to_nodes_[number], values_);
  to_nodes_[number].clear();
  if (!plan_.nodes[number].normalized.empty()) NormalizedBackward(number, gradient);
  if (!plan_.nodes[number].plain.empty()) PlainBackward(number, gradient);
}

void GroupedBackward::NormalizedBackward(int number, const at::Tensor& gradient) {
  const GroupedPlan::Node& node = plan_.nodes[number];
  const GroupedValues::OfNode& values = values_.nodes[number];
  const auto count = static_cast<int64_t>(node.normalized.size());
  // The gradient of each weighted term is the gradient of the node.
  at::Tensor terms = gradient.unsqueeze(1).expand(
      {plan_.images, count, plan_.channels, plan_.height, plan_.width});
  if (values.normalized_scales.defined()) {
    terms = Times(terms, values.normalized_scales.reshape({plan_.images, count, 1, 1, 1}));
  }
  const bool wants_affine =
      plan_.is_affine && std::any_of(node.normalized.begin(), node.normalized.end(),
                                     [this](const GroupedPlan::Term& term) {
                                       return wants_[term.affine_input] ||
                                              wants_[term.affine_input + 1];
                                     });
  const bool wants_weights = WantsCoefficients() || wants_affine;
  const int64_t place = plan_.num_inner + node.first_normalized;
  at::Tensor before;
  std::tie(before, nodes_[number].term_weights, nodes_[number].term_biases) =
      at::native_batch_norm_backward(
          terms.reshape(values.before.sizes()), values.before,
          Channels(values_.term_weights, plan_.channels, node.first_normalized, count),
          Channels(values_.means, plan_.channels, place, count),
          Channels(values_.variances, plan_.channels, place, count), values.mean,
          values.inverse_standard_deviation, plan_.settings.training, plan_.settings.eps,
          {true, wants_weights, wants_weights && plan_.is_affine});
  for (int64_t i = 0; i < count; ++i) {
    const GroupedPlan::Term& term = node.normalized[i];
    const at::Tensor of_term = before.narrow(1, i * plan_.channels, plan_.channels);
    switch (term.value) {
      case GroupedPlan::Term::Value::kSource:
        to_nodes_[term.number].push_back(AsSummand(of_term));
        break;
      case GroupedPlan::Term::Value::kPool:
        to_pools_[term.number].push_back(AsSummand(of_term));
        break;
      case GroupedPlan::Term::Value::kChain:
        to_chains_[term.number] = of_term;
        break;
    }
  }
}

void GroupedBackward::PlainBackward(int number, const at::Tensor& gradient) {
  for (const GroupedPlan::Term& term : plan_.nodes[number].plain) {
    if (WantsCoefficients()) {
      plain_.push_back(PlainSummand(term, ValueOf(term)));
      plain_gradients_.push_back(gradient);
    }
    const bool is_pool = term.value == GroupedPlan::Term::Value::kPool;
    (is_pool ? to_pools_ : to_nodes_)[term.number].push_back(PlainSummand(term, gradient));
  }
}

const at::Tensor& GroupedBackward::ValueOf(const GroupedPlan::Term& term) const {
  CHECK(term.value != GroupedPlan::Term::Value::kChain) << "a chain ends with a normalization";
  return term.value == GroupedPlan::Term::Value::kPool ? values_.pools[term.number].value
                                                       : values_.nodes[term.number].value;
}

void GroupedBackward::PoolBackward(int number) {
  if (to_pools_[number].empty()) return;
  const GroupedPlan::Pool& pool = plan_.pools[number];
  const at::Tensor gradient = Sum(to_pools_[number], values_).contiguous();
  to_pools_[number].clear();
  const at::Tensor& source = values_.nodes[pool.source].value;
  const std::vector<int64_t> kernel = {3, 3}, stride = {pool.stride, pool.stride}, one = {1, 1};
  to_nodes_[pool.source].push_back(
      AsSummand(pool.kind == CellOperation::Kind::kMaxPool
                    ? at::max_pool2d_with_indices_backward(
                          gradient, source, kernel, stride, /*padding=*/one,
                          /*dilation=*/one, /*ceil_mode=*/false, values_.pools[number].indices)
                    : at::avg_pool2d_backward(gradient, source, kernel, stride, /*padding=*/one,
                                              /*ceil_mode=*/false, /*count_include_pad=*/false,
                                              /*divisor_override=*/std::nullopt)));
}

void GroupedBackward::WriteCoefficients(std::vector<at::Tensor>* results) const {
  const at::TensorOptions options = gradient_.options().dtype(type_);
  std::vector<at::Tensor> weights, biases;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const auto zeros_if_dead = [&](const at::Tensor& gradient, int64_t size) {
      return gradient.defined() ? gradient : at::zeros({size}, options);
    };
    const auto normalized = static_cast<int64_t>(plan_.nodes[i].normalized.size());
    if (normalized > 0) {
      weights.push_back(zeros_if_dead(nodes_[i].term_weights, normalized * plan_.channels));
      if (plan_.is_affine) {
        biases.push_back(zeros_if_dead(nodes_[i].term_biases, normalized * plan_.channels));
      }
    }
  }
  at::Tensor of_normalized;
  if (!weights.empty()) {
    at::Tensor products = Join(weights);
    if (plan_.is_affine) {
      products = at::add(at::mul(products, values_.affine_weights),
                         at::mul(Join(biases), values_.affine_biases));
    }
    of_normalized = SumOver(products.reshape({plan_.num_normalized, plan_.channels}), 1, type_);
  }
  std::vector<at::Tensor> elements(plan_.num_coefficients);
  for (const GroupedPlan::Node& node : plan_.nodes) {
    int64_t place = node.first_normalized;
    for (const GroupedPlan::Term& term : node.normalized) {
      elements[term.coefficient] = of_normalized.narrow(0, place++, 1);
    }
  }
  if (!plain_.empty()) {
    const at::Tensor of_plain =
        SumOver(operators::TermProducts(plain_, plain_gradients_, values_.dropout), 1, type_);
    for (size_t i = 0; i < plain_.size(); ++i) {
      elements[plain_[i].coefficient] = of_plain.narrow(0, static_cast<int64_t>(i), 1);
    }
  }
  at::Tensor zero;
  for (at::Tensor& element : elements) {
    if (element.defined()) continue;
    if (!zero.defined()) zero = at::zeros({1}, options);
    element = zero;
  }
  (*results)[0] = Join(elements);
}

void GroupedBackward::WriteTermAffine(std::vector<at::Tensor>* results) const {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].term_weights.defined() || !nodes_[i].term_biases.defined()) continue;
    const GroupedPlan::Node& node = plan_.nodes[i];
    const auto count = static_cast<int64_t>(node.normalized.size());
    const at::Tensor coefficients =
        values_.coefficients.narrow(0, node.first_normalized, count).unsqueeze(1);
    const at::Tensor weights =
        at::mul(nodes_[i].term_weights.reshape({count, plan_.channels}), coefficients);
    const at::Tensor biases =
        at::mul(nodes_[i].term_biases.reshape({count, plan_.channels}), coefficients);
    for (int64_t k = 0; k < count; ++k) {
      const size_t input = node.normalized[k].affine_input;
      if (wants_[input]) (*results)[input] = weights.select(0, k);
      if (wants_[input + 1]) (*results)[input + 1] = biases.select(0, k);
    }
  }
}

void GroupedBackward::CastBatches() {
  std::vector<at::Tensor*> narrow;
  std::vector<at::Tensor> flat;
  for (OfBatch& batch : batches_) {
    for (at::Tensor* const gradient : {&batch.depthwise, &batch.weight, &batch.bias}) {
      if (!gradient->defined() || gradient->scalar_type() == type_) continue;
      narrow.push_back(gradient);
      flat.push_back(gradient->reshape({-1}));
    }
  }
  if (narrow.empty()) return;
  const at::Tensor all = Join(flat).to(type_);
  int64_t taken = 0;
  for (size_t i = 0; i < narrow.size(); ++i) {
    const int64_t size = flat[i].numel();
    *narrow[i] = all.narrow(0, taken, size).view(narrow[i]->sizes().vec());
    taken += size;
  }
}

at::Tensor GroupedBackward::SmallKernels() const {
  std::vector<at::Tensor> mixed;
  for (size_t i = 0; i < batches_.size(); ++i) {
    if (plan_.batches[i].is_mixed && batches_[i].depthwise.defined()) {
      mixed.push_back(batches_[i].depthwise);
    }
  }
  if (mixed.empty()) return {};
  const at::Tensor all = Join(mixed);
  const int64_t begin = kKernelMargin, end = all.size(2) - kKernelMargin;
  return all.slice(2, begin, end).slice(3, begin, end).contiguous();
}

void GroupedBackward::WriteBatches(std::vector<at::Tensor>* results) {
  CastBatches();
  const at::Tensor small = SmallKernels();
  int64_t row = 0;  // of `small`
  for (size_t number = 0; number < batches_.size(); ++number) {
    const GroupedPlan::Batch& batch = plan_.batches[number];
    const OfBatch& own = batches_[number];
    for (int64_t i = 0; i < batch.size(); ++i) {
      const GroupedPlan::Chain& chain = plan_.chains[batch.chains[i]];
      const GroupedPlan::Convolution& convolution = chain.convolutions[batch.place_in_chain];
      const ReluConvolution& weights = convolution.convolution;
      const auto write = [&](size_t input, const at::Tensor& gradient, int64_t first,
                             int64_t size) {
        if (gradient.defined() && wants_[input]) {
          (*results)[input] = gradient.narrow(0, first, size);
        }
      };
      const size_t first = convolution.first_input;
      if (own.depthwise.defined()) {
        const bool is_small = weights.depthwise.size(2) < batch.kernel;
        write(first + GroupedPlan::kDepthwise, is_small ? small : own.depthwise,
              (is_small ? row : 0) + i * batch.in_channels, batch.in_channels);
      }
      const int64_t channels = plan_.channels;
      if (batch.kind == ConvolutionKind::kFactorizedReduce) {
        const int64_t half = weights.weight.size(0);
        write(first + GroupedPlan::kWeight, own.weight, 2 * i * half, half);
        write(first + GroupedPlan::kSecondWeight, own.weight, (2 * i + 1) * half, half);
      } else {
        write(first + GroupedPlan::kWeight, own.weight, i * channels, channels);
      }
      if (batch.has_bias) write(first + GroupedPlan::kBias, own.bias, i * channels, channels);
      if (batch.place_in_chain > 0 && plan_.is_affine) {
        const size_t before = chain.convolutions[batch.place_in_chain - 1].first_input;
        write(before + GroupedPlan::kNormWeight, own.norm_weight, i * channels, channels);
        write(before + GroupedPlan::kNormBias, own.norm_bias, i * channels, channels);
      }
    }
    if (batch.is_mixed && own.depthwise.defined()) row += batch.size() * batch.in_channels;
  }
}

}  // namespace pdarts::nn
