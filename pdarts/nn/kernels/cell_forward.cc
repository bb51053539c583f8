#include "pdarts/nn/kernels/cell_forward.h"

#include <algorithm>

#include "ATen/ops/empty.h"
#include "pdarts/nn/kernels/normalization.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/nn/kernels/scratch.h"
#include "pdarts/nn/kernels/scratch_planes.h"

namespace pdarts::nn {

template <typename S, typename A>
CellForward<S, A>::CellForward(const CellPlan& plan, const KernelTable<S, A>& loops,
                               const std::vector<at::Tensor>& inputs,
                               const at::Tensor& coefficients)
    : plan_(plan), loops_(loops), inputs_(inputs) {
  const at::Tensor plain = coefficients.detach().contiguous();
  const A* from = ConstData<A>(plain);
  values_.coefficients.assign(from, from + plain.numel());
  values_.operations.resize(plan.operations.size());
  values_.normalizations.resize(plan.terms.size());
  for (size_t o = 0; o < plan.operations.size(); ++o) {
    for (const CellPlan::Convolution& c : plan.operations[o].chain) {
      values_.operations[o].chain.push_back(
          {{c.convolution, c.description, loops.lanes, loops.multiplies_pairs},
           {},
           {},
           {},
           {},
           {},
           {}});
    }
  }
}

template <typename S, typename A>
at::Tensor CellForward<S, A>::Run() {
  const at::Tensor out = Empty(plan_.outputs * plan_.channels, plan_.height, plan_.width);
  for (int node = 0; node < plan_.num_nodes(); ++node) {
    if (!plan_.is_input(node) && plan_.nodes[node].place_in_output < 0) {
      values_.inner_nodes.push_back(Empty(plan_.channels, plan_.height, plan_.width));
    }
  }
  nodes_ = PlaceNodes<S>(plan_, inputs_, values_.inner_nodes, out);
  for (const std::vector<int>& sources : plan_.groups()) RunGroup(sources);
  return out;
}

template <typename S, typename A>
void CellForward<S, A>::RunGroup(const std::vector<int>& sources) {
  const std::vector<int> operations = plan_.OperationsOn(sources);
  size_t longest = 1;
  for (const int o : operations) {
    typename CellValues<S, A>::Operation& values = values_.operations[o];
    if (!plan_.operations[o].is_convolution()) {
      values.pooled = Empty(plan_.channels, plan_.height, plan_.width);
    }
    for (Convolution& c : values.chain) {
      const ConvolutionShape& s = c.packed.shape();
      c.value = Empty(s.out_channels, s.out_height, s.out_width);
    }
    longest = std::max(longest, values.chain.size());
  }
  if (plan_.is_input(sources[0])) {
    FirstPass(sources, operations, nullptr);
  } else {
    const Sum sum = PrepareSum(sources[0]);
    FirstPass(sources, operations, &sum);
  }
  for (size_t place = 1; place < longest; ++place) LaterPass(operations, place);
  NormalizeTerms(operations);
}

template <typename S, typename A>
typename CellForward<S, A>::Sum CellForward<S, A>::PrepareSum(int node) const {
  const int64_t channels = plan_.channels, up = Up(channels);
  const std::vector<int>& terms = plan_.nodes[node].terms;
  const bool by_image = std::any_of(terms.begin(), terms.end(),
                                    [this](int t) { return !plan_.terms[t].image_scale.empty(); });
  std::vector<std::vector<double>> offsets(by_image ? plan_.images : 1,
                                           std::vector<double>(channels));
  Sum sum;
  for (const int t : terms) {
    const CellPlan::Term& term = plan_.terms[t];
    const Normalization& normalization = values_.normalizations[t];
    const double coefficient = values_.coefficients[term.coefficient];
    if (!term.normalizes) {
      sum.factors.emplace_back(term, ChannelValues<A>(channels, loops_.lanes, [&](int64_t) {
                                 return coefficient * term.scale;
                               }));
      continue;
    }
    sum.factors.emplace_back(term, ChannelValues<A>(channels, loops_.lanes, [&](int64_t c) {
                               return coefficient * normalization.scale(c);
                             }));
    for (size_t n = 0; n < offsets.size(); ++n) {
      for (int64_t c = 0; c < channels; ++c) {
        offsets[n][c] += term.ScaleOf(n) * (coefficient * normalization.shift(c));
      }
    }
  }
  for (const std::vector<double>& offset : offsets) {
    const std::vector<A> padded =
        ChannelValues<A>(channels, loops_.lanes, [&](int64_t c) { return offset[c]; });
    sum.offset.insert(sum.offset.end(), padded.begin(), padded.end());
  }
  sum.offset_stride = by_image ? up : 0;
  return sum;
}

template <typename S, typename A>
void CellForward<S, A>::SumImage(int node, const Sum& sum, int64_t image, PixelRange range,
                                 std::vector<LinearTerm<S, A>>& linear) const {
  linear.clear();
  const std::vector<int>& terms = plan_.nodes[node].terms;
  for (size_t i = 0; i < terms.size(); ++i) {
    const CellPlan::Term& term = plan_.terms[terms[i]];
    linear.push_back({From(TermValues(term, values_, nodes_, image), range.begin),
                      sum.factors[i].OfImage(image),
                      From(TermMask(plan_, term, image), range.begin)});
  }
  loops_.combine({nullptr, 0, 0}, linear.data(), static_cast<int64_t>(linear.size()),
                 sum.offset.data() + image * sum.offset_stride, plan_.channels, /*height=*/1,
                 range.size(), From(nodes_[node].image(image), range.begin));
}

template <typename S, typename A>
void CellForward<S, A>::FirstPass(const std::vector<int>& sources,
                                  const std::vector<int>& operations, const Sum* sum) {
  ImageStatistics statistics = MakeStatistics(operations, 0);
  int64_t margin = 0, scratch_size = 0, widest = 0;
  for (const int source : sources) widest = std::max(widest, plan_.nodes[source].width);
  for (const int o : operations) {
    if (!plan_.operations[o].is_convolution()) continue;
    const PackedConvolution<A>& packed = values_.operations[o].chain[0].packed;
    margin = std::max<int64_t>(margin, packed.shape().margin);
    scratch_size = std::max(scratch_size, packed.scratch_size());
  }
  const int64_t parts = NumParts(plan_.images, static_cast<int64_t>(operations.size()));
  const int64_t pixels = plan_.height * plan_.width, pieces = NumParts(plan_.images, pixels);
  // With fewer images than threads, the node is summed first, also if no operation reads it.
  const bool sums_first = parts > 1 || pieces > 1;
  if (sum != nullptr && sums_first) {
    ForPieces(plan_.images, pixels, pieces, [&](int64_t n, PixelRange range, int64_t) {
      std::vector<LinearTerm<S, A>> linear;
      SumImage(sources[0], *sum, n, range, linear);
    });
  }
  ParallelFor(plan_.images * parts, [&](int64_t, int64_t begin, int64_t end) {
    Scratch& scratch = Scratch::OfThread();
    scratch.Reset();
    A* work = scratch.Get<A>(scratch_size);
    A* pool_row = scratch.Get<A>(widest * loops_.lanes);
    ScratchPlanes<A> planes(scratch, margin, loops_.lanes);
    std::vector<LinearTerm<S, A>> linear;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t n = task / parts;
      if (sum != nullptr && !sums_first) SumImage(sources[0], *sum, n, {0, pixels}, linear);
      int loaded = -1;
      Plane<A> relu = {nullptr, 0, 0};
      for (size_t i = task % parts; i < operations.size(); i += parts) {
        const CellPlan::Operation& operation = plan_.operations[operations[i]];
        const typename CellValues<S, A>::Operation& values = values_.operations[operations[i]];
        const Batch<S>& x = nodes_[operation.source];
        A* mean = nullptr;
        A* squares = nullptr;
        if (!statistics[i].empty()) {
          const int64_t up = Up(ChannelsOf(operation, 0));
          mean = statistics[i].data() + n * 2 * up;
          squares = mean + up;
        }
        if (!operation.is_convolution()) {
          const bool max = operation.kind == CellOperation::Kind::kMaxPool;
          const Batch<S> to = WholeBatch<S>(values.pooled);
          (max ? loops_.max_pool : loops_.average_pool)(Const(x.image(n)), x.channels, x.height,
                                                        x.width, operation.stride, to.image(n),
                                                        pool_row);
          if (mean != nullptr) {
            loops_.statistics(Const(to.image(n)), to.channels, to.pixels(), mean, squares);
          }
          continue;
        }
        if (loaded != operation.source) {
          relu = planes.Get(x.channels, x.height, x.width);
          loops_.load_relu(Const(x.image(n)), x.channels, x.height, x.width, nullptr, nullptr,
                           relu);
          loaded = operation.source;
        }
        const Convolution& c = values.chain[0];
        loops_.convolution(c.packed.shape(), Const(relu), c.packed.weights(),
                           WholeBatch<S>(c.value).image(n), mean, squares, work);
      }
    }
  });
  FinishPass(operations, 0, statistics);
}

template <typename S, typename A>
void CellForward<S, A>::LaterPass(const std::vector<int>& operations, size_t place) {
  std::vector<int> longer;
  int64_t margin = 0, scratch_size = 0;
  for (const int o : operations) {
    if (place >= values_.operations[o].chain.size()) continue;
    const PackedConvolution<A>& packed = values_.operations[o].chain[place].packed;
    margin = std::max<int64_t>(margin, packed.shape().margin);
    scratch_size = std::max(scratch_size, packed.scratch_size());
    longer.push_back(o);
  }
  ImageStatistics statistics = MakeStatistics(longer, place);
  const auto count = static_cast<int64_t>(longer.size());
  const int64_t parts = NumParts(plan_.images, count);
  ParallelFor(plan_.images * parts, [&](int64_t, int64_t begin, int64_t end) {
    Scratch& scratch = Scratch::OfThread();
    scratch.Reset();
    A* work = scratch.Get<A>(scratch_size);
    ScratchPlanes<A> planes(scratch, margin, loops_.lanes);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t n = task / parts;
      for (int64_t i = task % parts; i < count; i += parts) {
        const std::vector<Convolution>& chain = values_.operations[longer[i]].chain;
        const Convolution& before = chain[place - 1];
        const Convolution& c = chain[place];
        const ConvolutionShape& s = c.packed.shape();
        const Plane<A> relu = planes.Get(s.in_channels, s.in_height, s.in_width);
        loops_.load_relu(Const(WholeBatch<S>(before.value).image(n)), s.in_channels, s.in_height,
                         s.in_width, before.scale.data(), before.shift.data(), relu);
        A* mean = nullptr;
        A* squares = nullptr;
        if (!statistics[i].empty()) {
          mean = statistics[i].data() + n * 2 * Up(s.out_channels);
          squares = mean + Up(s.out_channels);
        }
        loops_.convolution(s, Const(relu), c.packed.weights(), WholeBatch<S>(c.value).image(n),
                           mean, squares, work);
      }
    }
  });
  FinishPass(longer, place, statistics);
}

template <typename S, typename A>
typename CellForward<S, A>::ImageStatistics CellForward<S, A>::MakeStatistics(
    const std::vector<int>& operations, size_t place) const {
  ImageStatistics statistics(operations.size());
  for (size_t i = 0; i < operations.size(); ++i) {
    const CellPlan::Operation& operation = plan_.operations[operations[i]];
    if (WantsStatistics(operation, place)) {
      statistics[i].resize(plan_.images * 2 * Up(ChannelsOf(operation, place)));
    }
  }
  return statistics;
}

template <typename S, typename A>
bool CellForward<S, A>::WantsStatistics(const CellPlan::Operation& operation, size_t place) const {
  if (place + 1 < operation.chain.size()) return operation.chain[place].batch_norm.training;
  return operation.wants_statistics;
}

template <typename S, typename A>
int64_t CellForward<S, A>::ChannelsOf(const CellPlan::Operation& operation, size_t place) const {
  return operation.is_convolution() ? operation.chain[place].shape().out_channels : plan_.channels;
}

template <typename S, typename A>
void CellForward<S, A>::FinishPass(const std::vector<int>& operations, size_t place,
                                   const ImageStatistics& of_images) {
  std::vector<ChannelStatistics> statistics(operations.size());
  std::vector<ChannelStatistics*> by_batch;
  for (size_t i = 0; i < operations.size(); ++i) {
    const CellPlan::Operation& operation = plan_.operations[operations[i]];
    const int64_t channels = ChannelsOf(operation, place);
    statistics[i].mean.resize(channels);
    if (of_images[i].empty()) continue;
    const typename CellValues<S, A>::Operation& values = values_.operations[operations[i]];
    const at::Tensor& value =
        operation.is_convolution() ? values.chain[place].value : values.pooled;
    statistics[i] = MergeStatistics<A>(of_images[i].data(), plan_.images, channels, Up(channels),
                                       value.size(2) * value.size(3));
    by_batch.push_back(&statistics[i]);
  }
  if (plan_.communicator != nullptr) Synchronize(*plan_.communicator, by_batch);
  for (size_t i = 0; i < operations.size(); ++i) {
    const CellPlan::Operation& operation = plan_.operations[operations[i]];
    typename CellValues<S, A>::Operation& values = values_.operations[operations[i]];
    if (!operation.is_convolution()) {
      values.pooled_statistics = std::move(statistics[i]);
      continue;
    }
    Convolution& c = values.chain[place];
    if (place + 1 < operation.chain.size()) {
      const BatchNormArgs& batch_norm = operation.chain[place].batch_norm;
      c.normalization = MakeNormalization(batch_norm, statistics[i]);
      UpdateStatistics<A>(batch_norm, statistics[i]);
      const Normalization& n = c.normalization;
      const int64_t channels = ChannelsOf(operation, place), lanes = loops_.lanes;
      c.scale = ChannelValues<A>(channels, lanes, [&](int64_t k) { return n.scale(k); });
      c.shift = ChannelValues<A>(channels, lanes, [&](int64_t k) { return n.shift(k); });
      c.mean = ChannelValues<A>(channels, lanes, [&](int64_t k) { return n.mean[k]; });
    }
    c.statistics = std::move(statistics[i]);
  }
}

template <typename S, typename A>
void CellForward<S, A>::NormalizeTerms(const std::vector<int>& operations) {
  for (size_t t = 0; t < plan_.terms.size(); ++t) {
    const CellPlan::Term& term = plan_.terms[t];
    if (!term.normalizes ||
        std::find(operations.begin(), operations.end(), term.operation) == operations.end()) {
      continue;
    }
    const ChannelStatistics& statistics = values_.operations[term.operation].statistics();
    values_.normalizations[t] = MakeNormalization(term.batch_norm, statistics);
    UpdateStatistics<A>(term.batch_norm, statistics);
  }
}

template <typename S, typename A>
at::Tensor CellForward<S, A>::Empty(int64_t channels, int64_t height, int64_t width) const {
  return at::empty({plan_.images, channels, height, width}, inputs_[0].options(),
                   at::MemoryFormat::ChannelsLast);
}

template class CellForward<float, float>;
template class CellForward<double, double>;
template class CellForward<Bfloat16, float>;

}  // namespace pdarts::nn
