#include "pdarts/nn/kernels/node_sum.h"

#include <string>
#include <utility>

#include "ATen/ops/empty.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/zeros.h"
#include "glog/logging.h"
#include "pdarts/core/kernel_use.h"
#include "pdarts/nn/kernels/activation_storage.h"
#include "pdarts/nn/kernels/batch.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/grouped_cell.h"
#include "pdarts/nn/kernels/normalization.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"

namespace pdarts::nn {
namespace {

Pixels<const uint8_t> Image(const at::Tensor& mask, int64_t n, int64_t size, int64_t channels) {
  if (!mask.defined()) return {nullptr, 0};
  return {mask.const_data_ptr<uint8_t>() + n * size, channels};
}

/// Inputs: the coefficients, and then value, weight and bias of each term.
template <typename S>
class NodeSumNode : public FusedNode {
 public:
  struct Term {
    bool normalizes = false;
    Normalization normalization;
    at::Tensor mask;  ///< channels-last
    double scale = 1;
  };
  InstructionSet instructions = InstructionSet::kPortable;
  std::vector<Term> terms;
  std::vector<double> coefficients;
  Communicator* communicator = nullptr;  ///< of normalizations by the batch's statistics

  std::string name() const override { return "pdarts::NodeSum"; }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    const size_t n_terms = terms.size();
    torch::autograd::variable_list results(1 + 3 * n_terms);
    if (!gradients[0].defined()) return results;
    const at::Tensor gradient = ChannelsLast(gradients[0]);
    using A = Accumulator<S>;
    const KernelTable<S, A>& loops = Loops<S>(instructions);
    const int64_t images = gradient.size(0), channels = gradient.size(1);
    const int64_t pixels = gradient.size(2) * gradient.size(3), size = pixels * channels;
    const int64_t up = RoundUp(channels, loops.lanes);
    const S* g = ConstData<S>(gradient);
    std::vector<at::Tensor> all_values;
    std::vector<std::vector<A>> means(n_terms);
    // The sums are needed for a normalization, and for the gradients of the coefficients.
    std::vector<bool> needs_sums(n_terms);
    bool any_sums = false;
    for (size_t i = 0; i < n_terms; ++i) {
      all_values.push_back(Saved(i));
      means[i].resize(up);
      if (terms[i].normalizes) {
        for (int64_t c = 0; c < channels; ++c) {
          means[i][c] = static_cast<A>(terms[i].normalization.mean[c]);
        }
      }
      needs_sums[i] = Wants(0) || (terms[i].normalizes &&
                                   (Wants(1 + 3 * i) || Wants(2 + 3 * i) || Wants(3 + 3 * i)));
      any_sums = any_sums || needs_sums[i];
    }

    // [piece][image][term][2][up]: the sum of the gradient, and the sum of the gradient times
    // (value - mean).
    const auto stride = static_cast<int64_t>(n_terms) * 2 * up;
    const int64_t pieces = NumParts(images, pixels);
    std::vector<A> of_images(any_sums ? pieces * images * stride : 0);
    if (any_sums) {
      ForPieces(images, pixels, pieces, [&](int64_t n, PixelRange range, int64_t piece) {
        std::vector<LinearTerm<S, A>> linear;
        const int64_t first = n * size + range.begin * channels;
        for (size_t i = 0; i < n_terms; ++i) {
          if (!needs_sums[i]) continue;
          const auto mask = From(Image(terms[i].mask, n, size, channels), range.begin);
          linear.push_back({{nullptr, 0}, nullptr, mask});
          linear.push_back(
              {{ConstData<S>(all_values[i]) + first, channels}, means[i].data(), mask});
        }
        loops.gradient_sums({g + first, channels}, linear.data(),
                            static_cast<int64_t>(linear.size()), channels, range.size(),
                            of_images.data() + (piece * images + n) * stride);
      });
      AddChunks(images * stride, of_images);
    }

    std::vector<std::vector<A>> factor(n_terms), slope(n_terms), offset(n_terms);
    at::Tensor coefficient_gradient;
    if (Wants(0)) {
      coefficient_gradient =
          at::empty({static_cast<int64_t>(n_terms)}, gradient.options().dtype(kScalarType<A>));
      results[0] = coefficient_gradient;
    }
    std::vector<GradientSums> own(n_terms), memory;
    std::vector<size_t> shared;
    int64_t place = 0;
    for (size_t i = 0; i < n_terms; ++i) {
      own[i] = {std::vector<double>(channels), std::vector<double>(channels)};
      if (!needs_sums[i]) continue;
      for (int64_t c = 0; c < channels; ++c) {
        double sum = 0, deviation = 0;
        for (int64_t n = 0; n < images; ++n) {
          sum += of_images[n * stride + (2 * place) * up + c];
          deviation += of_images[n * stride + (2 * place + 1) * up + c];
        }
        own[i].gradient[c] = sum * terms[i].scale;
        own[i].deviation[c] = deviation * terms[i].scale;
      }
      ++place;
      if (terms[i].normalizes) shared.push_back(i);
    }
    const std::vector<GradientSums>& batch = SumsOfBatch(communicator, own, shared, &memory);
    for (size_t i = 0; i < n_terms; ++i) {
      const Term& term = terms[i];
      factor[i].assign(up, 0);
      slope[i].assign(up, 0);
      offset[i].assign(up, 0);
      std::vector<A> weight(channels), bias(channels);
      double of_coefficient = 0;
      for (int64_t c = 0; c < channels; ++c) {
        const double sum = own[i].gradient[c], deviation = own[i].deviation[c];
        if (!term.normalizes) {
          factor[i][c] = static_cast<A>(coefficients[i] * term.scale);
          of_coefficient += deviation;
          continue;
        }
        const Normalization& normalization = term.normalization;
        of_coefficient += normalization.scale(c) * deviation + normalization.bias[c] * sum;
        const NormalizationGradient back =
            BackwardOf(normalization, c, own[i], batch[i], coefficients[i]);
        factor[i][c] = static_cast<A>(back.factor * term.scale);
        slope[i][c] = static_cast<A>(back.slope);
        offset[i][c] = static_cast<A>(back.offset);
        weight[c] = static_cast<A>(back.weight);
        bias[c] = static_cast<A>(back.bias);
      }
      if (Wants(0)) coefficient_gradient.mutable_data_ptr<A>()[i] = static_cast<A>(of_coefficient);
      if (Wants(1 + 3 * i)) {
        results[1 + 3 * i] =
            at::empty(gradient.sizes(), gradient.options(), at::MemoryFormat::ChannelsLast);
      }
      if (Wants(2 + 3 * i)) results[2 + 3 * i] = ToTensor<A>(weight, gradient);
      if (Wants(3 + 3 * i)) results[3 + 3 * i] = ToTensor<A>(bias, gradient);
    }

    ForPieces(images, pixels, pieces, [&](int64_t n, PixelRange range, int64_t) {
      const int64_t first = n * size + range.begin * channels;
      for (size_t i = 0; i < n_terms; ++i) {
        if (!results[1 + 3 * i].defined()) continue;
        const bool by_batch = terms[i].normalizes && terms[i].normalization.by_batch;
        Pixels<const S> value = {nullptr, 0};
        if (by_batch) value = {ConstData<S>(all_values[i]) + first, channels};
        loops.affine_gradient(
            {{g + first, channels}, value, factor[i].data(), slope[i].data(), offset[i].data()},
            From(Image(terms[i].mask, n, size, channels), range.begin), channels, range.size(),
            {MutableData<S>(results[1 + 3 * i]) + first, channels});
      }
    });
    return results;
  }

  void release_variables() override {
    FusedNode::release_variables();
    for (Term& term : terms) term.mask.reset();
  }
};

template <typename S>
at::Tensor NodeSumWithLoops(InstructionSet instructions, const std::vector<NodeTerm>& terms,
                            const at::Tensor& coefficients) {
  using A = Accumulator<S>;
  const KernelTable<S, A>& loops = Loops<S>(instructions);
  NoteFusedKernels(instructions);
  const at::Tensor& first = terms[0].value;
  const int64_t images = first.size(0), channels = first.size(1);
  const int64_t pixels = first.size(2) * first.size(3), size = pixels * channels;
  const int64_t up = RoundUp(channels, loops.lanes);
  std::vector<at::Tensor> inputs = {coefficients};
  std::vector<at::Tensor> all_values;
  std::vector<typename NodeSumNode<S>::Term> kept;
  std::vector<double> values;
  Communicator* communicator = nullptr;
  at::Tensor out;
  {
    at::NoGradGuard no_grad;
    std::vector<std::vector<A>> factors;
    std::vector<double> offset(channels);
    const at::Tensor plain = coefficients.detach().contiguous();
    std::vector<ChannelStatistics> statistics(terms.size());
    std::vector<ChannelStatistics*> shared;
    for (size_t i = 0; i < terms.size(); ++i) {
      const NodeTerm& term = terms[i];
      CHECK(term.value.sizes() == first.sizes() && term.value.scalar_type() == first.scalar_type())
          << term.value.sizes() << " beside " << first.sizes();
      all_values.push_back(ChannelsLast(term.value));
      statistics[i].mean.resize(channels);
      if (!term.batch_norm || !term.batch_norm->training) continue;
      statistics[i] = StatisticsOf(all_values[i], loops);
      if (term.batch_norm->communicator == nullptr) continue;
      communicator = term.batch_norm->communicator;
      shared.push_back(&statistics[i]);
    }
    if (communicator != nullptr) Synchronize(*communicator, shared);
    for (size_t i = 0; i < terms.size(); ++i) {
      const NodeTerm& term = terms[i];
      values.push_back(ConstData<A>(plain)[i]);
      auto& keep = kept.emplace_back();
      keep.scale = term.dropout_scale;
      CHECK(!term.device_dropout) << "the fused kernels draw masks on the CPU";
      if (term.dropout_mask.defined()) {
        CHECK(term.dropout_mask.scalar_type() == at::kByte &&
              term.dropout_mask.sizes() == first.sizes());
        keep.mask = ChannelsLast(term.dropout_mask);
      } else {
        CHECK_EQ(term.dropout_scale, 1) << "a scale without a mask";
      }
      inputs.push_back(term.value);
      inputs.push_back(term.batch_norm ? term.batch_norm->weight : at::Tensor());
      inputs.push_back(term.batch_norm ? term.batch_norm->bias : at::Tensor());
      auto& factor = factors.emplace_back(up);
      if (!term.batch_norm) {
        std::fill_n(factor.begin(), channels, static_cast<A>(values[i] * keep.scale));
        continue;
      }
      CHECK(!keep.mask.defined()) << "dropout behind a batch normalization";
      keep.normalizes = true;
      keep.normalization = MakeNormalization(*term.batch_norm, statistics[i]);
      UpdateStatistics<A>(*term.batch_norm, statistics[i]);
      for (int64_t c = 0; c < channels; ++c) {
        factor[c] = static_cast<A>(values[i] * keep.normalization.scale(c));
        offset[c] += values[i] * keep.normalization.shift(c);
      }
    }
    std::vector<A> offset_values(up);
    std::copy(offset.begin(), offset.end(), offset_values.begin());
    out = at::empty(first.sizes(), first.options().requires_grad(false),
                    at::MemoryFormat::ChannelsLast);
    S* to = MutableData<S>(out);
    const int64_t pixels = first.size(2) * first.size(3);
    ForPieces(images, pixels, NumParts(images, pixels), [&](int64_t n, PixelRange range, int64_t) {
      std::vector<LinearTerm<S, A>> linear(terms.size());
      const int64_t begin = n * size + range.begin * channels;
      for (size_t i = 0; i < terms.size(); ++i) {
        linear[i] = {{ConstData<S>(all_values[i]) + begin, channels},
                     factors[i].data(),
                     From(Image(kept[i].mask, n, size, channels), range.begin)};
      }
      loops.combine({nullptr, 0, 0}, linear.data(), static_cast<int64_t>(linear.size()),
                    offset_values.data(), channels, /*height=*/1, range.size(),
                    {to + begin, channels});
    });
  }
  if (!NeedsGraph(inputs)) return out;
  const auto node = MakeFusedNode<NodeSumNode<S>>();
  for (const at::Tensor& value : all_values) node->Save(value);
  node->instructions = instructions;
  node->terms = std::move(kept);
  node->coefficients = std::move(values);
  node->communicator = communicator;
  Connect(node, inputs, {out});
  return out;
}

/// Inputs: value, weight and bias of each value. Outputs: the normalized values.
template <typename S>
class NormalizeEachNode : public FusedNode {
 public:
  InstructionSet instructions = InstructionSet::kPortable;
  std::vector<Normalization> normalizations;
  Communicator* communicator = nullptr;

  std::string name() const override { return "pdarts::NormalizeEach"; }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    using A = Accumulator<S>;
    const KernelTable<S, A>& loops = Loops<S>(instructions);
    torch::autograd::variable_list results(3 * gradients.size());
    std::vector<GradientSums> own(gradients.size()), memory;
    std::vector<size_t> shared;
    for (size_t i = 0; i < gradients.size(); ++i) {
      if (!gradients[i].defined()) continue;
      gradients[i] = ChannelsLast(gradients[i]);
      const at::Tensor value = Saved(i);
      const Batch<S> g = WholeBatch<S>(gradients[i]), x = WholeBatch<S>(value);
      const int64_t images = value.size(0), up = RoundUp(x.channels, loops.lanes);
      const std::vector<A> mean = ChannelValues<A>(
          x.channels, loops.lanes, [&](int64_t c) { return normalizations[i].mean[c]; });
      const int64_t pieces = NumParts(images, x.pixels());
      std::vector<A> sums(pieces * images * 2 * up);
      ForPieces(images, x.pixels(), pieces, [&](int64_t n, PixelRange range, int64_t piece) {
        const LinearTerm<S, A> terms[] = {
            {{nullptr, 0}, nullptr, {nullptr, 0}},
            {From(Const(x.image(n)), range.begin), mean.data(), {nullptr, 0}}};
        loops.gradient_sums(From(Const(g.image(n)), range.begin), terms, 2, x.channels,
                            range.size(), sums.data() + (piece * images + n) * 2 * up);
      });
      own[i] = SumOverImages(sums, pieces * images, x.channels);
      shared.push_back(i);
    }
    const std::vector<GradientSums>& batch = SumsOfBatch(communicator, own, shared, &memory);
    for (const size_t i : shared) {
      const at::Tensor value = Saved(i);
      const NormalizationGradients<A> back =
          BackwardOf<A>(normalizations[i], own[i], batch[i], loops.lanes);
      if (Wants(3 * i)) {
        results[3 * i] = at::empty(value.sizes(), value.options().requires_grad(false),
                                   at::MemoryFormat::ChannelsLast);
        const Batch<S> g = WholeBatch<S>(gradients[i]), x = WholeBatch<S>(value),
                       to = WholeBatch<S>(results[3 * i]);
        const int64_t pieces = NumParts(value.size(0), x.pixels());
        ForPieces(value.size(0), x.pixels(), pieces, [&](int64_t n, PixelRange range, int64_t) {
          loops.affine_gradient(
              {From(Const(g.image(n)), range.begin), From(Const(x.image(n)), range.begin),
               back.factor.data(), back.slope.data(), back.offset.data()},
              {nullptr, 0}, x.channels, range.size(), From(to.image(n), range.begin));
        });
      }
      if (Wants(3 * i + 1)) results[3 * i + 1] = ToTensor<A>(back.weight, value);
      if (Wants(3 * i + 2)) results[3 * i + 2] = ToTensor<A>(back.bias, value);
    }
    return results;
  }
};

/// batch_norms: in training mode, with the same communicator.
template <typename S>
std::vector<at::Tensor> NormalizeEachWithLoops(InstructionSet instructions,
                                               const std::vector<at::Tensor>& values,
                                               const std::vector<BatchNormArgs>& batch_norms) {
  using A = Accumulator<S>;
  const KernelTable<S, A>& loops = Loops<S>(instructions);
  NoteFusedKernels(instructions);
  const auto node = MakeFusedNode<NormalizeEachNode<S>>();
  node->instructions = instructions;
  node->communicator = batch_norms.at(0).communicator;
  std::vector<at::Tensor> inputs, plain, outputs;
  {
    at::NoGradGuard no_grad;
    std::vector<ChannelStatistics> statistics(values.size());
    std::vector<ChannelStatistics*> shared;
    for (size_t i = 0; i < values.size(); ++i) {
      CHECK(batch_norms[i].training && batch_norms[i].communicator == node->communicator);
      inputs.insert(inputs.end(), {values[i], batch_norms[i].weight, batch_norms[i].bias});
      plain.push_back(ChannelsLast(values[i].detach()));
      statistics[i] = StatisticsOf(plain[i], loops);
      shared.push_back(&statistics[i]);
    }
    Synchronize(*node->communicator, shared);
    for (size_t i = 0; i < values.size(); ++i) {
      const Normalization n = MakeNormalization(batch_norms[i], statistics[i]);
      UpdateStatistics<A>(batch_norms[i], statistics[i]);
      outputs.push_back(
          at::empty(plain[i].sizes(), plain[i].options(), at::MemoryFormat::ChannelsLast));
      const Batch<S> x = WholeBatch<S>(plain[i]), to = WholeBatch<S>(outputs[i]);
      const std::vector<A> scale =
          ChannelValues<A>(x.channels, loops.lanes, [&](int64_t c) { return n.scale(c); });
      const std::vector<A> shift =
          ChannelValues<A>(x.channels, loops.lanes, [&](int64_t c) { return n.shift(c); });
      const int64_t images = plain[i].size(0), pieces = NumParts(images, x.pixels());
      ForPieces(images, x.pixels(), pieces, [&](int64_t image, PixelRange range, int64_t) {
        const LinearTerm<S, A> term = {
            From(Const(x.image(image)), range.begin), scale.data(), {nullptr, 0}};
        loops.combine({nullptr, 0, 0}, &term, 1, shift.data(), x.channels, /*height=*/1,
                      range.size(), From(to.image(image), range.begin));
      });
      node->normalizations.push_back(n);
    }
  }
  if (!NeedsGraph(inputs)) return outputs;
  for (const at::Tensor& value : plain) node->Save(value);
  Connect(node, inputs, outputs);
  return outputs;
}

}  // namespace

at::Tensor NodeSum(const Backend& backend, const std::vector<NodeTerm>& terms,
                   const at::Tensor& coefficients) {
  CHECK(!terms.empty());
  CHECK(coefficients.dim() == 1 && coefficients.size(0) == static_cast<int64_t>(terms.size()))
      << coefficients.sizes() << " coefficients for " << terms.size() << " terms";
  CHECK_EQ(terms[0].value.dim(), 4) << "[N,C,H,W]";
  if (backend.kernels == REFERENCE) return composition::NodeSum(terms, coefficients);
  if (backend.kernels == GROUPED) return grouped::NodeSum(terms, coefficients);
  return DispatchStorage(terms[0].value, [&](auto zero) {
    return NodeSumWithLoops<decltype(zero)>(backend.instructions, terms, coefficients);
  });
}

at::Tensor Normalize(const Backend& backend, const at::Tensor& value,
                     const BatchNormArgs& batch_norm) {
  if (backend.kernels != FUSED) return composition::BatchNorm(value, batch_norm);
  return NodeSum(backend, {{value, batch_norm}},
                 at::ones({1}, ActivationStorage::ComputedOptions(value)));
}

std::vector<at::Tensor> NormalizeEach(const Backend& backend, const std::vector<at::Tensor>& values,
                                      const std::vector<BatchNormArgs>& batch_norms) {
  CHECK_EQ(values.size(), batch_norms.size());
  if (values.empty() || !IsSynchronized(batch_norms[0])) {
    std::vector<at::Tensor> normalized;
    for (size_t i = 0; i < values.size(); ++i) {
      normalized.push_back(Normalize(backend, values[i], batch_norms[i]));
    }
    return normalized;
  }
  if (backend.kernels != FUSED) return composition::BatchNormEach(values, batch_norms);
  return DispatchStorage(values[0], [&](auto zero) {
    return NormalizeEachWithLoops<decltype(zero)>(backend.instructions, values, batch_norms);
  });
}

}  // namespace pdarts::nn
