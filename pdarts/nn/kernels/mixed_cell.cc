#include "pdarts/nn/kernels/mixed_cell.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "ATen/ops/empty.h"
#include "ATen/ops/zeros.h"
#include "glog/logging.h"
#include "pdarts/nn/kernels/composition.h"
#include "pdarts/nn/kernels/dispatch.h"
#include "pdarts/nn/kernels/normalization.h"
#include "pdarts/nn/kernels/packing.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/nn/kernels/scratch.h"
#include "torch/csrc/autograd/graph_task.h"

namespace pdarts::nn {
namespace {

template <typename T>
Plane<const T> Const(Plane<T> p) {
  return {p.data, p.block, p.row};
}

template <typename T>
Pixels<const T> Const(Pixels<T> p) {
  return {p.data, p.stride};
}

/// A batch of images in memory: channels-last, perhaps some of the channels of a wider tensor.
template <typename T>
struct Batch {
  T* data = nullptr;
  int64_t channels = 0, height = 0, width = 0;
  int64_t stride = 0;  ///< from pixel to pixel

  int64_t pixels() const { return height * width; }
  Pixels<T> image(int64_t n) const { return {data + n * pixels() * stride, stride}; }
};

template <typename T>
Batch<T> WholeBatch(const at::Tensor& x) {
  return {const_cast<T*>(x.const_data_ptr<T>()), x.size(1), x.size(2), x.size(3), x.size(1)};
}

/// One round of a convolution.
template <typename T>
struct Round {
  ReluConvolution convolution;
  PackedConvolution<T> packed;
  BatchNormArgs batch_norm;
  size_t input = 0;  ///< its weights' first place among autograd's inputs, see kRoundInputs
  at::Tensor value;  ///< before the batch normalisation
  ChannelStatistics statistics;
  /// Of the rounds before the last; a term holds that of the last.
  Normalization normalization;
  std::vector<T> scale, shift, mean;
};

/// Depthwise, weight, second weight, bias; the batch normalisation's weight and bias.
constexpr size_t kRoundInputs = 6;
constexpr size_t kBatchNormInput = 4;

/// What an operation computes from its source, before its last batch normalisation. Pools of one
/// source are shared by their terms.
template <typename T>
struct Raw {
  int source = 0;
  CellOperation::Kind kind = CellOperation::Kind::kConvolution;
  int64_t stride = 1;            // pools
  at::Tensor pooled;             // pools
  ChannelStatistics statistics;  // pools
  std::vector<Round<T>> rounds;  // convolutions
  bool needs_statistics = false;
  bool is_convolution() const { return kind == CellOperation::Kind::kConvolution; }
  const at::Tensor& value() const { return is_convolution() ? rounds.back().value : pooled; }
  const ChannelStatistics& last_statistics() const {
    return is_convolution() ? rounds.back().statistics : statistics;
  }
};

/// One summand of a node.
template <typename T>
struct Term {
  int node = 0;
  int64_t coefficient = 0;
  int source = 0;
  int raw = -1;  ///< -1: the source itself
  bool normalizes = false;
  BatchNormArgs batch_norm;
  size_t affine_input = 0;  ///< place of the normalisation's weight among autograd's inputs
  Normalization normalization;
  at::Tensor mask;  ///< channels-last
  double scale = 1;
  std::vector<T> image_scale;  ///< of its edge for each image; empty: 1

  // Of the backward pass: its gradient is factor * g + slope * raw + offset.
  std::vector<T> mean, factor, slope, offset;

  /// Sets the factor of every channel, for all images.
  void SetFactor(const std::vector<T>& of_channels) {
    if (image_scale.empty()) {
      factor = of_channels;
      return;
    }
    factor.clear();
    for (const T scale : image_scale) {
      for (const T f : of_channels) factor.push_back(scale * f);
    }
  }
  const T* FactorOf(int64_t image) const {
    if (image_scale.empty()) return factor.data();
    return factor.data() + image * (factor.size() / image_scale.size());
  }
  double ScaleOf(int64_t image) const { return image_scale.empty() ? 1 : image_scale[image]; }
};

template <typename T>
std::vector<T> Padded(int64_t channels, int64_t lanes, const std::vector<double>& values) {
  std::vector<T> padded(RoundUp(channels, lanes));
  std::copy(values.begin(), values.end(), padded.begin());
  return padded;
}

/// A cell's operations in the order in which they are computed, and what they computed.
template <typename T>
class CellComputation {
 public:
  CellComputation(InstructionSet instructions, const MixedCellArgs& cell,
                  const std::vector<at::Tensor>& inputs, const at::Tensor& coefficients)
      : loops_(Loops<T>(instructions)), cell_(cell), images_(inputs[0].size(0)) {
    autograd_inputs_ = {coefficients};
    autograd_inputs_.insert(autograd_inputs_.end(), inputs.begin(), inputs.end());
    const at::Tensor plain = coefficients.detach().contiguous();
    coefficients_.assign(plain.const_data_ptr<T>(), plain.const_data_ptr<T>() + plain.numel());
    for (const at::Tensor& input : inputs) {
      CHECK(input.dim() == 4 && input.size(0) == images_ &&
            input.scalar_type() == inputs[0].scalar_type());
      inputs_.push_back(ChannelsLast(input.detach()));
    }
    for (const CellEdge& edge : cell.edges) {
      CHECK(edge.from >= 0 && edge.from < edge.to && edge.to >= cell.num_inputs &&
            edge.to < cell.num_nodes)
          << edge.from << " to " << edge.to;
      for (const CellOperation& operation : edge.operations) AddTerm(edge, operation);
    }
    // Kept by the graph where it is needed; the arguments hold the caller's tensors.
    cell_.edges.clear();
  }

  const std::vector<at::Tensor>& autograd_inputs() const { return autograd_inputs_; }
  const std::vector<at::Tensor>& inputs() const { return inputs_; }

  at::Tensor Forward() {
    const auto options = inputs_[0].options();
    const auto outputs = static_cast<int64_t>(cell_.output_nodes.size());
    at::Tensor out = at::empty({images_, outputs * cell_.channels, cell_.height, cell_.width},
                               options, at::MemoryFormat::ChannelsLast);
    for (int node = cell_.num_inputs; node < cell_.num_nodes; ++node) {
      if (OutputPlace(node) < 0) {
        inner_nodes_.push_back(at::empty({images_, cell_.channels, cell_.height, cell_.width},
                                         options, at::MemoryFormat::ChannelsLast));
      }
    }
    PlaceNodes(out);
    std::vector<int> sources;
    for (int node = 0; node < cell_.num_inputs; ++node) sources.push_back(node);
    ForwardFrom(sources);
    for (int node = cell_.num_inputs; node < cell_.num_nodes; ++node) ForwardFrom({node});
    return out;
  }

  /// gradient: of the output, channels-last. wants(i): whether autograd input i needs a gradient.
  /// `keep`: whether what the forward pass kept will be needed again. The output is needed again
  /// because nodes are operations' inputs.
  template <typename Wants>
  std::vector<at::Tensor> Backward(const std::vector<at::Tensor>& inputs, const at::Tensor& out,
                                   const at::Tensor& gradient, bool keep, const Wants& wants) {
    inputs_ = inputs;
    PlaceNodes(out);
    results_.assign(autograd_inputs_count_, at::Tensor());
    for (size_t i = 0; i < autograd_inputs_count_; ++i) wants_.push_back(wants(i));
    keep_ = keep;
    gradient_ = gradient;
    if (wants_[0]) {
      coefficient_gradients_.assign(coefficients_.size(), 0);
    }
    node_gradients_.assign(cell_.num_nodes, Batch<T>());
    for (int node = cell_.num_nodes - 1; node >= cell_.num_inputs; --node) BackwardFrom({node});
    std::vector<int> sources;
    for (int node = 0; node < cell_.num_inputs; ++node) sources.push_back(node);
    BackwardFrom(sources);
    if (wants_[0]) {
      at::Tensor g = at::empty({static_cast<int64_t>(coefficients_.size())}, gradient.options());
      std::copy(coefficient_gradients_.begin(), coefficient_gradients_.end(),
                g.template mutable_data_ptr<T>());
      results_[0] = g;
    }
    wants_.clear();
    gradient_.reset();
    gradient_memory_.clear();
    return std::move(results_);
  }

  /// To be called once the graph holds the inputs.
  void ForgetInputs() {
    autograd_inputs_count_ = autograd_inputs_.size();
    autograd_inputs_.clear();
    inputs_.clear();
  }

 private:
  void AddTerm(const CellEdge& edge, const CellOperation& operation) {
    Term<T> term;
    term.node = edge.to;
    term.source = edge.from;
    if (edge.image_scale.defined()) {
      CHECK_EQ(edge.image_scale.numel(), images_);
      const at::Tensor scale = edge.image_scale.to(inputs_[0].options()).contiguous();
      term.image_scale.assign(scale.const_data_ptr<T>(), scale.const_data_ptr<T>() + images_);
    }
    term.coefficient = operation.coefficient;
    CHECK(operation.coefficient >= 0 &&
          operation.coefficient < static_cast<int64_t>(coefficients_.size()))
        << "coefficient " << operation.coefficient << " of " << coefficients_.size();
    const bool is_input = edge.from < cell_.num_inputs;
    const int64_t channels = is_input ? inputs_[edge.from].size(1) : cell_.channels;
    const int64_t height = is_input ? inputs_[edge.from].size(2) : cell_.height;
    const int64_t width = is_input ? inputs_[edge.from].size(3) : cell_.width;
    const auto check = [&](int64_t c, int64_t h, int64_t w) {
      CHECK(c == cell_.channels && h == cell_.height && w == cell_.width)
          << c << "x" << h << "x" << w << " for a node of " << cell_.channels << "x" << cell_.height
          << "x" << cell_.width;
    };
    if (operation.kind == CellOperation::Kind::kIdentity) {
      check(channels, height, width);
      term.scale = operation.dropout_scale;
      if (operation.dropout_mask.defined()) {
        CHECK(operation.dropout_mask.scalar_type() == at::kByte &&
              operation.dropout_mask.sizes() ==
                  at::IntArrayRef({images_, channels, height, width}));
        term.mask = ChannelsLast(operation.dropout_mask);
      }
      terms_.push_back(std::move(term));
      return;
    }
    CHECK(!operation.dropout_mask.defined()) << "dropout is for identities";
    if (operation.kind == CellOperation::Kind::kConvolution) {
      CHECK(!operation.rounds.empty());
      Raw<T> raw;
      raw.source = edge.from;
      int64_t c = channels, h = height, w = width;
      for (const CellOperation::Round& from : operation.rounds) {
        Round<T> round{from.convolution,
                       {from.convolution, c, h, w, loops_.lanes},
                       from.batch_norm,
                       {},
                       {},
                       {},
                       {},
                       {},
                       {},
                       {}};
        const ConvolutionShape& shape = round.packed.shape();
        c = shape.out_channels;
        h = shape.out_height;
        w = shape.out_width;
        round.input = autograd_inputs_.size();
        for (const at::Tensor& input :
             {from.convolution.depthwise, from.convolution.weight, from.convolution.second_weight,
              from.convolution.bias, from.batch_norm.weight, from.batch_norm.bias}) {
          autograd_inputs_.push_back(input);
        }
        raw.rounds.push_back(std::move(round));
      }
      check(c, h, w);
      term.normalizes = true;
      term.batch_norm = operation.rounds.back().batch_norm;
      term.affine_input = raw.rounds.back().input + kBatchNormInput;
      term.raw = static_cast<int>(raws_.size());
      raw.needs_statistics = term.batch_norm.training;
      raws_.push_back(std::move(raw));
    } else {
      check(channels, (height - 1) / operation.stride + 1, (width - 1) / operation.stride + 1);
      const auto same = std::find_if(raws_.begin(), raws_.end(), [&](const Raw<T>& raw) {
        return raw.source == edge.from && raw.kind == operation.kind &&
               raw.stride == operation.stride;
      });
      term.raw = static_cast<int>(same - raws_.begin());
      if (same == raws_.end()) {
        Raw<T> raw;
        raw.source = edge.from;
        raw.kind = operation.kind;
        raw.stride = operation.stride;
        raws_.push_back(std::move(raw));
      }
      if (operation.batch_norm) {
        term.normalizes = true;
        term.batch_norm = *operation.batch_norm;
        term.affine_input = autograd_inputs_.size();
        autograd_inputs_.push_back(term.batch_norm.weight);
        autograd_inputs_.push_back(term.batch_norm.bias);
        raws_[term.raw].needs_statistics |= term.batch_norm.training;
      }
    }
    terms_.push_back(std::move(term));
  }

  int OutputPlace(int node) const {
    for (size_t i = 0; i < cell_.output_nodes.size(); ++i) {
      if (cell_.output_nodes[i] == node) return static_cast<int>(i);
    }
    return -1;
  }

  /// Where each node's value lies.
  void PlaceNodes(const at::Tensor& out) {
    nodes_.clear();
    for (const at::Tensor& input : inputs_) nodes_.push_back(WholeBatch<T>(input));
    size_t inner = 0;
    for (int node = cell_.num_inputs; node < cell_.num_nodes; ++node) {
      const int place = OutputPlace(node);
      nodes_.push_back(place < 0 ? WholeBatch<T>(inner_nodes_[inner++]) : OutputBatch(out, place));
    }
  }

  Batch<T> OutputBatch(const at::Tensor& out, int place) const {
    const int64_t c = cell_.channels;
    return {const_cast<T*>(out.const_data_ptr<T>()) + place * c, c, cell_.height, cell_.width,
            out.size(1)};
  }

  bool HasConsumers(int node) const {
    return std::any_of(terms_.begin(), terms_.end(),
                       [&](const Term<T>& term) { return term.source == node; });
  }

  std::vector<Raw<T>*> RawsFrom(const std::vector<int>& sources) {
    std::vector<Raw<T>*> raws;
    for (Raw<T>& raw : raws_) {
      if (std::find(sources.begin(), sources.end(), raw.source) != sources.end()) {
        raws.push_back(&raw);
      }
    }
    return raws;
  }

  static size_t MostRounds(const std::vector<Raw<T>*>& raws) {
    size_t most = 1;
    for (const Raw<T>* raw : raws) most = std::max(most, raw->rounds.size());
    return most;
  }

  /// Margin of planes that round r of all these can read.
  static int64_t MarginOf(const std::vector<Raw<T>*>& raws, size_t r) {
    int64_t margin = 0;
    for (const Raw<T>* raw : raws) {
      if (r < raw->rounds.size()) margin = std::max(margin, raw->rounds[r].packed.padding());
    }
    return margin;
  }

  static int64_t ScratchSize(const std::vector<Raw<T>*>& raws) {
    int64_t size = 0;
    for (const Raw<T>* raw : raws) {
      for (const Round<T>& round : raw->rounds) size = std::max(size, round.packed.scratch_size());
    }
    return size;
  }

  int64_t Up(int64_t channels) const { return RoundUp(channels, loops_.lanes); }

  /// Sums up the sources that aren't inputs; then computes all that their operations need.
  void ForwardFrom(const std::vector<int>& sources) {
    const std::vector<Raw<T>*> raws = RawsFrom(sources);
    std::vector<std::vector<T>> partial(raws.size());
    for (size_t i = 0; i < raws.size(); ++i) {
      Raw<T>& raw = *raws[i];
      if (raw.is_convolution()) {
        for (Round<T>& round : raw.rounds) {
          const ConvolutionShape& s = round.packed.shape();
          round.value = Empty(s.out_channels, s.out_height, s.out_width);
        }
      } else {
        raw.pooled = Empty(cell_.channels, cell_.height, cell_.width);
      }
    }
    const bool sums = sources[0] >= cell_.num_inputs;
    if (sums) CHECK_EQ(sources.size(), 1u);
    std::vector<T> offset;
    std::vector<Term<T>*> terms;
    if (sums) {
      terms = TermsOf(sources[0]);
      offset = PrepareSum(terms);
    }
    // First rounds and pools.
    for (size_t i = 0; i < raws.size(); ++i) {
      if (WantsStatistics(*raws[i], 0))
        partial[i].resize(images_ * 2 * Up(RoundChannels(*raws[i], 0)));
    }
    ParallelFor(images_, [&](int64_t, int64_t begin, int64_t end) {
      Scratch& scratch = Scratch::OfThread();
      scratch.Reset();
      std::vector<LinearTerm<T>> linear(terms.size());
      T* work = scratch.Get<T>(ScratchSize(raws));
      std::vector<Plane<T>> planes;
      int64_t widest = 0;
      for (const int source : sources) {
        const std::vector<Raw<T>*> own = RawsFrom({source});
        const Batch<T>& x = nodes_[source];
        planes.push_back(
            scratch.GetPlane<T>(x.channels, x.height, x.width, MarginOf(own, 0), loops_.lanes));
        widest = std::max(widest, x.width);
      }
      T* row = scratch.Get<T>(widest * loops_.lanes);
      for (int64_t n = begin; n < end; ++n) {
        for (size_t s = 0; s < sources.size(); ++s) {
          const Batch<T>& x = nodes_[sources[s]];
          if (sums) SumNode(terms, offset, n, x.image(n), linear);
          bool loaded = false;
          for (size_t i = 0; i < raws.size(); ++i) {
            Raw<T>& raw = *raws[i];
            if (raw.source != sources[s]) continue;
            T* mean = nullptr;
            T* squares = nullptr;
            if (!partial[i].empty()) {
              const int64_t up = Up(RoundChannels(raw, 0));
              mean = partial[i].data() + n * 2 * up;
              squares = mean + up;
            }
            if (raw.is_convolution()) {
              if (!loaded) {
                loops_.load_relu(Const(x.image(n)), x.channels, x.height, x.width, nullptr, nullptr,
                                 planes[s]);
              }
              loaded = true;
              const Round<T>& round = raw.rounds[0];
              loops_.convolution(round.packed.shape(), Const(planes[s]), round.packed.weights(),
                                 WholeBatch<T>(round.value).image(n), mean, squares, work);
            } else {
              const auto pool =
                  raw.kind == CellOperation::Kind::kMaxPool ? loops_.max_pool : loops_.average_pool;
              const Batch<T> to = WholeBatch<T>(raw.pooled);
              pool(Const(x.image(n)), x.channels, x.height, x.width, raw.stride, to.image(n), row);
              if (mean != nullptr) {
                loops_.statistics(Const(to.image(n)), to.channels, to.pixels(), mean, squares);
              }
            }
          }
        }
      }
    });
    for (size_t i = 0; i < raws.size(); ++i) FinishRound(*raws[i], 0, partial[i]);

    for (size_t r = 1; r < MostRounds(raws); ++r) {
      for (size_t i = 0; i < raws.size(); ++i) {
        partial[i].clear();
        if (r < raws[i]->rounds.size() && WantsStatistics(*raws[i], r)) {
          partial[i].resize(images_ * 2 * Up(RoundChannels(*raws[i], r)));
        }
      }
      ParallelFor(images_, [&](int64_t, int64_t begin, int64_t end) {
        Scratch& scratch = Scratch::OfThread();
        scratch.Reset();
        T* work = scratch.Get<T>(ScratchSize(raws));
        PlaneCache planes(scratch, MarginOf(raws, r), loops_.lanes);
        for (int64_t n = begin; n < end; ++n) {
          for (size_t i = 0; i < raws.size(); ++i) {
            Raw<T>& raw = *raws[i];
            if (r >= raw.rounds.size()) continue;
            const Plane<T> plane = LoadRound(raw, r, n, planes);
            T* mean = nullptr;
            T* squares = nullptr;
            if (!partial[i].empty()) {
              const int64_t up = Up(RoundChannels(raw, r));
              mean = partial[i].data() + n * 2 * up;
              squares = mean + up;
            }
            const Round<T>& round = raw.rounds[r];
            loops_.convolution(round.packed.shape(), Const(plane), round.packed.weights(),
                               WholeBatch<T>(round.value).image(n), mean, squares, work);
          }
        }
      });
      for (size_t i = 0; i < raws.size(); ++i) {
        if (r < raws[i]->rounds.size()) FinishRound(*raws[i], r, partial[i]);
      }
    }
    for (Term<T>& term : terms_) {
      if (term.raw < 0 || !term.normalizes) continue;
      if (std::find(sources.begin(), sources.end(), term.source) == sources.end()) continue;
      ChannelStatistics statistics = raws_[term.raw].last_statistics();
      if (statistics.mean.empty()) statistics.mean.resize(cell_.channels);
      term.normalization = MakeNormalization(term.batch_norm, statistics);
      UpdateStatistics<T>(term.batch_norm, statistics);
    }
  }

  at::Tensor Empty(int64_t channels, int64_t height, int64_t width) const {
    return at::empty({images_, channels, height, width}, inputs_[0].options(),
                     at::MemoryFormat::ChannelsLast);
  }

  /// Planes of a few sizes, made once for a chunk. Those of one size share their memory.
  class PlaneCache {
   public:
    PlaneCache(Scratch& scratch, int64_t margin, int64_t lanes)
        : scratch_(scratch), margin_(margin), lanes_(lanes) {}
    Plane<T> Get(int64_t channels, int64_t height, int64_t width) {
      for (const Entry& e : entries_) {
        if (e.channels == channels && e.height == height && e.width == width) return e.plane;
      }
      entries_.push_back({channels, height, width,
                          scratch_.GetPlane<T>(channels, height, width, margin_, lanes_)});
      return entries_.back().plane;
    }

   private:
    struct Entry {
      int64_t channels, height, width;
      Plane<T> plane;
    };
    Scratch& scratch_;
    const int64_t margin_;
    const int64_t lanes_;
    std::vector<Entry> entries_;
  };

  /// relu(batch_norm(value of round r - 1)) of image n.
  Plane<T> LoadRound(const Raw<T>& raw, size_t r, int64_t n, PlaneCache& planes) const {
    const Round<T>& before = raw.rounds[r - 1];
    const ConvolutionShape& s = raw.rounds[r].packed.shape();
    const Plane<T> plane = planes.Get(s.in_channels, s.in_height, s.in_width);
    loops_.load_relu(Const(WholeBatch<T>(before.value).image(n)), s.in_channels, s.in_height,
                     s.in_width, before.scale.data(), before.shift.data(), plane);
    return plane;
  }

  static bool WantsStatistics(const Raw<T>& raw, size_t r) {
    if (!raw.is_convolution() || r + 1 == raw.rounds.size()) return raw.needs_statistics;
    return raw.rounds[r].batch_norm.training;
  }

  int64_t RoundChannels(const Raw<T>& raw, size_t r) const {
    return raw.is_convolution() ? raw.rounds[r].packed.shape().out_channels : cell_.channels;
  }

  /// Statistics of round r, from those of each image; what the next round needs of it.
  void FinishRound(Raw<T>& raw, size_t r, const std::vector<T>& partial) {
    const int64_t channels = RoundChannels(raw, r);
    ChannelStatistics statistics;
    statistics.mean.resize(channels);
    if (!partial.empty()) {
      const at::Tensor& value = raw.is_convolution() ? raw.rounds[r].value : raw.pooled;
      statistics = MergeStatistics<T>(partial.data(), images_, channels, Up(channels),
                                      value.size(2) * value.size(3));
    }
    if (!raw.is_convolution()) {
      raw.statistics = std::move(statistics);
      return;
    }
    Round<T>& round = raw.rounds[r];
    if (r + 1 < raw.rounds.size()) {
      round.normalization = MakeNormalization(round.batch_norm, statistics);
      UpdateStatistics<T>(round.batch_norm, statistics);
      std::vector<double> scale(channels), shift(channels);
      for (int64_t c = 0; c < channels; ++c) {
        scale[c] = round.normalization.scale(c);
        shift[c] = round.normalization.shift(c);
      }
      round.scale = Padded<T>(channels, loops_.lanes, scale);
      round.shift = Padded<T>(channels, loops_.lanes, shift);
      round.mean = Padded<T>(channels, loops_.lanes, round.normalization.mean);
    }
    round.statistics = std::move(statistics);
  }

  std::vector<Term<T>*> TermsOf(int node) {
    std::vector<Term<T>*> terms;
    for (Term<T>& term : terms_) {
      if (term.node == node) terms.push_back(&term);
    }
    return terms;
  }

  /// Sets the terms' factors for the sum; returns the sum's offset for each image, or, if no edge
  /// is scaled by image, for all.
  std::vector<T> PrepareSum(const std::vector<Term<T>*>& terms) {
    const bool by_image = std::any_of(
        terms.begin(), terms.end(), [](const Term<T>* term) { return !term->image_scale.empty(); });
    const int64_t up = Up(cell_.channels);
    std::vector<std::vector<double>> offsets(by_image ? images_ : 1,
                                             std::vector<double>(cell_.channels));
    std::vector<double> factor(cell_.channels);
    for (Term<T>* term : terms) {
      const double coefficient = coefficients_[term->coefficient];
      for (int64_t c = 0; c < cell_.channels; ++c) {
        if (term->normalizes) {
          factor[c] = coefficient * term->normalization.scale(c);
          for (size_t n = 0; n < offsets.size(); ++n) {
            offsets[n][c] += term->ScaleOf(n) * (coefficient * term->normalization.shift(c));
          }
        } else {
          factor[c] = coefficient * term->scale;
        }
      }
      term->SetFactor(Padded<T>(cell_.channels, loops_.lanes, factor));
    }
    std::vector<T> offset;
    offset.reserve(offsets.size() * up);
    for (const std::vector<double>& of_image : offsets) {
      const std::vector<T> padded = Padded<T>(cell_.channels, loops_.lanes, of_image);
      offset.insert(offset.end(), padded.begin(), padded.end());
    }
    return offset;
  }

  Pixels<const T> TermValues(const Term<T>& term, int64_t n) const {
    if (term.raw < 0) return Const(nodes_[term.source].image(n));
    return Const(WholeBatch<T>(raws_[term.raw].value()).image(n));
  }

  Pixels<const uint8_t> TermMask(const Term<T>& term, int64_t n) const {
    if (!term.mask.defined()) return {nullptr, 0};
    const int64_t channels = cell_.channels;
    return {
        term.mask.template const_data_ptr<uint8_t>() + n * cell_.height * cell_.width * channels,
        channels};
  }

  void SumNode(const std::vector<Term<T>*>& terms, const std::vector<T>& offset, int64_t n,
               Pixels<T> out, std::vector<LinearTerm<T>>& linear) const {
    for (size_t i = 0; i < terms.size(); ++i) {
      linear[i] = {TermValues(*terms[i], n), terms[i]->FactorOf(n), TermMask(*terms[i], n)};
    }
    const int64_t up = Up(cell_.channels);
    const bool by_image = static_cast<int64_t>(offset.size()) > up;
    loops_.combine({nullptr, 0, 0}, linear.data(), static_cast<int64_t>(linear.size()),
                   offset.data() + (by_image ? n * up : 0), cell_.channels, cell_.height,
                   cell_.width, out);
  }

  // -------------------------------------------------------------------------------------------
  // Backward.

  bool WantsSource(int source) const { return source >= cell_.num_inputs || wants_[1 + source]; }

  WantedGradients WantedOf(const Round<T>& round) const {
    WantedGradients wanted;
    wanted.depthwise = wants_[round.input];
    wanted.weight = wants_[round.input + 1];
    wanted.second_weight = wants_[round.input + 2];
    wanted.bias = wants_[round.input + 3];
    return wanted;
  }

  bool WantsAffine(size_t input) const { return wants_[input] || wants_[input + 1]; }

  /// Whether anything from the first round to round r needs the gradient of round r's value.
  bool WantsRound(const Raw<T>& raw, size_t r) const {
    if (WantsSource(raw.source)) return true;
    for (size_t i = 0; i <= r; ++i) {
      const Round<T>& round = raw.rounds[i];
      if (WantedOf(round).any() || (i < r && WantsAffine(round.input + kBatchNormInput))) {
        return true;
      }
    }
    return false;
  }

  bool WantsValue(const Raw<T>& raw) const {
    return raw.is_convolution() ? WantsRound(raw, raw.rounds.size() - 1) : WantsSource(raw.source);
  }

  /// Whether the sums over the gradient that a term's backward needs have to be computed.
  bool NeedsSums(const Term<T>& term) const {
    if (wants_[0]) return true;
    return term.normalizes && (WantsValue(raws_[term.raw]) || WantsAffine(term.affine_input));
  }

  struct BackVectors {
    std::vector<T> factor, slope, offset;
    bool by_batch = false;
  };

  /// All gradients that flow back into the sources. For one that is no input: finishes its gradient
  /// and prepares its terms' backward.
  void BackwardFrom(const std::vector<int>& sources) {
    const bool is_node = sources[0] >= cell_.num_inputs;
    const int node = sources[0];
    const bool consumed = is_node && HasConsumers(node);
    if (is_node && !consumed) {
      const int place = OutputPlace(node);
      if (place < 0) {
        // Nobody looks at it.
        node_gradients_[node] = Batch<T>();
        return;
      }
      node_gradients_[node] = OutputBatch(gradient_, place);
      SumsPass(node);
      return;
    }
    std::vector<Raw<T>*> raws;
    for (Raw<T>* raw : RawsFrom(sources)) {
      if (WantsValue(*raw)) raws.push_back(raw);
    }

    // Which term a convolution's value belongs to; terms whose node nobody looks at give nothing.
    std::vector<const Term<T>*> term_of(raws.size(), nullptr);
    std::vector<std::vector<const Term<T>*>> terms_of(raws.size());
    for (const Term<T>& term : terms_) {
      if (term.raw < 0 || node_gradients_[term.node].data == nullptr) continue;
      for (size_t i = 0; i < raws.size(); ++i) {
        if (raws[i] != &raws_[term.raw]) continue;
        term_of[i] = &term;
        terms_of[i].push_back(&term);
      }
    }
    // Where the gradient behind the batch normalisation of the last finished round lies.
    std::vector<Batch<T>> inner(raws.size());
    std::vector<BackVectors> vectors(raws.size());
    const auto gradient_of = [&](size_t i, size_t r, int64_t n) -> AffineGradient<T> {
      const Raw<T>& raw = *raws[i];
      const bool last = r + 1 == raw.rounds.size();
      const Term<T>& term = *term_of[i];
      const bool by_batch = last ? term.normalization.by_batch : vectors[i].by_batch;
      Pixels<const T> value = {nullptr, 0};
      if (by_batch) value = Const(WholeBatch<T>(raw.rounds[r].value).image(n));
      if (last) {
        return {Const(node_gradients_[term.node].image(n)), value, term.FactorOf(n),
                term.slope.data(), term.offset.data()};
      }
      return {Const(inner[i].image(n)), value, vectors[i].factor.data(), vectors[i].slope.data(),
              vectors[i].offset.data()};
    };

    for (size_t r = MostRounds(raws) - 1; r >= 1; --r) {
      RoundsPass(raws, term_of, r, gradient_of, inner, vectors);
    }

    // First rounds, pools and identities.
    const int64_t chunks = NumChunks(images_);
    std::vector<WantedGradients> wanted(raws.size());
    std::vector<int64_t> first_sum(raws.size() + 1);
    for (size_t i = 0; i < raws.size(); ++i) {
      int64_t size = 0;
      if (raws[i]->is_convolution()) {
        wanted[i] = WantedOf(raws[i]->rounds[0]);
        size = raws[i]->rounds[0].packed.sums_size(wanted[i]);
      }
      first_sum[i + 1] = first_sum[i] + size;
    }
    const int64_t sums_size = first_sum.back();
    std::vector<T> weight_sums(chunks * sums_size);
    std::vector<Batch<T>> targets;
    for (const int source : sources) {
      targets.emplace_back();
      if (!WantsSource(source)) continue;
      const Batch<T>& x = nodes_[source];
      const at::Tensor g = Empty2(x.channels, x.height, x.width);
      targets.back() = WholeBatch<T>(g);
      if (source < cell_.num_inputs) {
        results_[1 + source] = g;
      } else {
        gradient_memory_.push_back(g);
        node_gradients_[source] = targets.back();
      }
    }
    std::vector<Term<T>*> own_terms;
    std::vector<T> node_sums;
    int64_t sums_stride = 0;
    if (is_node) {
      own_terms = SummedTerms(node);
      sums_stride = static_cast<int64_t>(own_terms.size() + 1) * Up(cell_.channels);
      if (!own_terms.empty()) node_sums.resize(images_ * sums_stride);
    }
    ParallelFor(images_, [&](int64_t chunk, int64_t begin, int64_t end) {
      Scratch& scratch = Scratch::OfThread();
      scratch.Reset();
      T* work = scratch.Get<T>(ScratchSize(raws));
      PlaneCache middles(scratch, MarginOf(raws, 0), loops_.lanes);
      struct SourceMemory {
        Plane<T> relu, gradient;
        T* gradient_memory = nullptr;
        size_t gradient_bytes = 0;
      };
      std::vector<SourceMemory> memories;
      for (const int source : sources) {
        const Batch<T>& x = nodes_[source];
        const int64_t margin = MarginOf(RawsFrom({source}), 0);
        SourceMemory m;
        m.relu = scratch.GetPlane<T>(x.channels, x.height, x.width, margin, loops_.lanes);
        m.gradient = scratch.GetPlane<T>(x.channels, x.height, x.width, margin, loops_.lanes);
        m.gradient_memory = m.gradient.data - margin * m.gradient.row - margin * loops_.lanes;
        m.gradient_bytes = Up(x.channels) / loops_.lanes * m.gradient.block * sizeof(T);
        memories.push_back(m);
      }
      T* pool_gradient = scratch.Get<T>(cell_.height * cell_.width * cell_.channels);
      std::vector<LinearTerm<T>> linear;
      for (int64_t n = begin; n < end; ++n) {
        for (size_t s = 0; s < sources.size(); ++s) {
          const int source = sources[s];
          const Batch<T>& x = nodes_[source];
          const SourceMemory& m = memories[s];
          const bool wants_source = targets[s].data != nullptr;
          if (wants_source) std::memset(m.gradient_memory, 0, m.gradient_bytes);
          bool loaded = false;
          for (size_t i = 0; i < raws.size(); ++i) {
            Raw<T>& raw = *raws[i];
            if (raw.source != source || !raw.is_convolution() || !Takes(raws, term_of, i, 0))
              continue;
            if (!loaded) {
              loops_.load_relu(Const(x.image(n)), x.channels, x.height, x.width, nullptr, nullptr,
                               m.relu);
              loaded = true;
            }
            const Round<T>& round = raw.rounds[0];
            const auto sums = round.packed.Place(
                wanted[i], weight_sums.data() + chunk * sums_size + first_sum[i]);
            loops_.convolution_backward(round.packed.shape(), Const(m.relu), gradient_of(i, 0, n),
                                        round.packed.weights(), Middle(round, middles),
                                        wants_source ? m.gradient : Plane<T>{nullptr, 0, 0},
                                        sums.depthwise, sums.forward, sums.bias, work);
          }
          if (!wants_source) continue;
          if (loaded) {
            loops_.mask_by_relu(Const(m.relu), x.channels, x.height, x.width, m.gradient);
          }
          for (size_t i = 0; i < raws.size(); ++i) {
            const Raw<T>& raw = *raws[i];
            if (raw.source != source || raw.is_convolution() || terms_of[i].empty()) continue;
            PoolBackward(raw, terms_of[i], n, linear, pool_gradient, m.gradient);
          }
          linear.clear();
          for (const Term<T>& term : terms_) {
            if (term.source != source || term.raw >= 0) continue;
            if (node_gradients_[term.node].data == nullptr) continue;
            linear.push_back(
                {Const(node_gradients_[term.node].image(n)), term.FactorOf(n), TermMask(term, n)});
          }
          if (is_node && OutputPlace(node) >= 0) {
            linear.push_back(
                {Const(OutputBatch(gradient_, OutputPlace(node)).image(n)), ones(), {nullptr, 0}});
          }
          loops_.combine(Const(m.gradient), linear.data(), static_cast<int64_t>(linear.size()),
                         nullptr, x.channels, x.height, x.width, targets[s].image(n));
          if (!node_sums.empty()) {
            NodeSums(own_terms, node, n, linear, node_sums.data() + n * sums_stride);
          }
        }
      }
    });
    for (size_t i = 0; i < raws.size(); ++i) {
      if (!Takes(raws, term_of, i, 0)) continue;
      TakeWeightGradients(raws[i]->rounds[0], wanted[i], weight_sums, sums_size, first_sum[i]);
    }
    if (is_node) FinishTerms(node, own_terms, node_sums, sums_stride);
  }

  /// The backward of round r >= 1 of the raw values that have one.
  template <typename GradientOf>
  void RoundsPass(const std::vector<Raw<T>*>& raws, const std::vector<const Term<T>*>& term_of,
                  size_t r, const GradientOf& gradient_of, std::vector<Batch<T>>& inner,
                  std::vector<BackVectors>& vectors) {
    std::vector<WantedGradients> wanted(raws.size());
    std::vector<int64_t> first_sum(raws.size() + 1);
    std::vector<Batch<T>> targets(raws.size());
    std::vector<std::vector<T>> normalization_sums(raws.size());
    for (size_t i = 0; i < raws.size(); ++i) {
      int64_t size = 0;
      if (Takes(raws, term_of, i, r)) {
        Round<T>& round = raws[i]->rounds[r];
        wanted[i] = WantedOf(round);
        size = round.packed.sums_size(wanted[i]);
        const Round<T>& before = raws[i]->rounds[r - 1];
        const ConvolutionShape& s = round.packed.shape();
        if (WantsRound(*raws[i], r - 1) || WantsAffine(before.input + kBatchNormInput)) {
          // An image's value of round r isn't needed once its gradient is known: it makes room.
          const bool reuse = !keep_ && round.value.sizes() == before.value.sizes();
          const at::Tensor g = reuse ? round.value : Empty2(s.in_channels, s.in_height, s.in_width);
          gradient_memory_.push_back(g);
          targets[i] = WholeBatch<T>(g);
          normalization_sums[i].resize(images_ * 2 * Up(s.in_channels));
        }
      }
      first_sum[i + 1] = first_sum[i] + size;
    }
    const int64_t sums_size = first_sum.back();
    std::vector<T> weight_sums(NumChunks(images_) * sums_size);
    ParallelFor(images_, [&](int64_t chunk, int64_t begin, int64_t end) {
      Scratch& scratch = Scratch::OfThread();
      scratch.Reset();
      T* work = scratch.Get<T>(ScratchSize(raws));
      const int64_t margin = MarginOf(raws, r);
      PlaneCache planes(scratch, margin, loops_.lanes), gradients(scratch, margin, loops_.lanes),
          middles(scratch, margin, loops_.lanes);
      for (int64_t n = begin; n < end; ++n) {
        for (size_t i = 0; i < raws.size(); ++i) {
          if (!Takes(raws, term_of, i, r)) continue;
          const Raw<T>& raw = *raws[i];
          const Round<T>& round = raw.rounds[r];
          const ConvolutionShape& s = round.packed.shape();
          const Plane<T> plane = LoadRound(raw, r, n, planes);
          Plane<T> gradient = {nullptr, 0, 0};
          if (targets[i].data != nullptr) {
            gradient = gradients.Get(s.in_channels, s.in_height, s.in_width);
            std::memset(gradient.data - margin * gradient.row - margin * loops_.lanes, 0,
                        Up(s.in_channels) / loops_.lanes * gradient.block * sizeof(T));
          }
          const auto sums =
              round.packed.Place(wanted[i], weight_sums.data() + chunk * sums_size + first_sum[i]);
          loops_.convolution_backward(s, Const(plane), gradient_of(i, r, n), round.packed.weights(),
                                      Middle(round, middles), gradient, sums.depthwise,
                                      sums.forward, sums.bias, work);
          if (targets[i].data == nullptr) continue;
          loops_.mask_by_relu(Const(plane), s.in_channels, s.in_height, s.in_width, gradient);
          loops_.combine(Const(gradient), nullptr, 0, nullptr, s.in_channels, s.in_height,
                         s.in_width, targets[i].image(n));
          const Round<T>& before = raw.rounds[r - 1];
          const LinearTerm<T> linear[] = {
              {{nullptr, 0}, nullptr, {nullptr, 0}},
              {Const(WholeBatch<T>(before.value).image(n)), before.mean.data(), {nullptr, 0}}};
          loops_.gradient_sums(Const(targets[i].image(n)), linear, 2, s.in_channels,
                               s.in_height * s.in_width,
                               normalization_sums[i].data() + n * 2 * Up(s.in_channels));
        }
      }
    });
    for (size_t i = 0; i < raws.size(); ++i) {
      if (!Takes(raws, term_of, i, r)) continue;
      TakeWeightGradients(raws[i]->rounds[r], wanted[i], weight_sums, sums_size, first_sum[i]);
      inner[i] = targets[i];
      if (targets[i].data == nullptr) continue;
      const Round<T>& before = raws[i]->rounds[r - 1];
      const int64_t channels = targets[i].channels, up = Up(channels);
      BackVectors& v = vectors[i];
      v.by_batch = before.normalization.by_batch;
      v.factor.assign(up, 0);
      v.slope.assign(up, 0);
      v.offset.assign(up, 0);
      std::vector<double> weight(channels), bias(channels);
      for (int64_t c = 0; c < channels; ++c) {
        double sum = 0, deviation = 0;
        for (int64_t n = 0; n < images_; ++n) {
          sum += normalization_sums[i][n * 2 * up + c];
          deviation += normalization_sums[i][(n * 2 + 1) * up + c];
        }
        const NormalizationGradient back =
            BackwardOf(before.normalization, c, sum, deviation, images_ * targets[i].pixels(), 1);
        v.factor[c] = static_cast<T>(back.factor);
        v.slope[c] = static_cast<T>(back.slope);
        v.offset[c] = static_cast<T>(back.offset);
        weight[c] = back.weight;
        bias[c] = back.bias;
      }
      TakeAffineGradients(before.input + kBatchNormInput, weight, bias);
    }
  }

  bool Takes(const std::vector<Raw<T>*>& raws, const std::vector<const Term<T>*>& term_of, size_t i,
             size_t r) const {
    return r < raws[i]->rounds.size() && term_of[i] != nullptr && WantsRound(*raws[i], r);
  }

  Plane<T> Middle(const Round<T>& round, PlaneCache& middles) const {
    const ConvolutionShape& s = round.packed.shape();
    switch (s.kind) {
      case ConvolutionKind::kSeparable:
        return middles.Get(s.in_channels, s.out_height, s.out_width);
      case ConvolutionKind::kDense:
        return middles.Get(s.out_channels, s.out_height, s.out_width);
      default:
        return {nullptr, 0, 0};
    }
  }

  void PoolBackward(const Raw<T>& raw, const std::vector<const Term<T>*>& terms, int64_t n,
                    std::vector<LinearTerm<T>>& linear, T* memory, Plane<T> gradient) const {
    // The gradient of the pooled value, of all edges that it goes to.
    const int64_t up = Up(cell_.channels);
    const Pixels<const T> value = Const(WholeBatch<T>(raw.pooled).image(n));
    std::vector<T> slope(up), offset(up);
    linear.clear();
    bool by_batch = false;
    for (const Term<T>* term : terms) {
      linear.push_back(
          {Const(node_gradients_[term->node].image(n)), term->FactorOf(n), {nullptr, 0}});
      if (!term->normalizes || !term->normalization.by_batch) continue;
      by_batch = true;
      for (int64_t c = 0; c < up; ++c) {
        slope[c] += term->slope[c];
        offset[c] += term->offset[c];
      }
    }
    if (by_batch) linear.push_back({value, slope.data(), {nullptr, 0}});
    const Pixels<T> to = {memory, cell_.channels};
    loops_.combine({nullptr, 0, 0}, linear.data(), static_cast<int64_t>(linear.size()),
                   by_batch ? offset.data() : nullptr, cell_.channels, cell_.height, cell_.width,
                   to);
    const Batch<T>& x = nodes_[raw.source];
    if (raw.kind == CellOperation::Kind::kMaxPool) {
      loops_.max_pool_backward(Const(x.image(n)), value, Const(to), x.channels, x.height, x.width,
                               raw.stride, gradient);
    } else {
      loops_.average_pool_backward(Const(to), x.channels, x.height, x.width, raw.stride, gradient);
    }
  }

  /// The terms of a node whose sums are needed.
  std::vector<Term<T>*> SummedTerms(int node) {
    std::vector<Term<T>*> terms;
    for (Term<T>* term : TermsOf(node)) {
      if (!NeedsSums(*term)) continue;
      if (term->normalizes)
        term->mean = Padded<T>(cell_.channels, loops_.lanes, term->normalization.mean);
      terms.push_back(term);
    }
    return terms;
  }

  /// sums[0]: of the node's gradient; sums[1 + i]: of it times term i's deviation.
  void NodeSums(const std::vector<Term<T>*>& terms, int node, int64_t n,
                std::vector<LinearTerm<T>>& linear, T* sums) const {
    linear.clear();
    linear.push_back({{nullptr, 0}, nullptr, {nullptr, 0}});
    for (const Term<T>* term : terms) {
      linear.push_back({TermValues(*term, n), term->normalizes ? term->mean.data() : nullptr,
                        TermMask(*term, n)});
    }
    loops_.gradient_sums(Const(node_gradients_[node].image(n)), linear.data(),
                         static_cast<int64_t>(linear.size()), cell_.channels,
                         cell_.height * cell_.width, sums);
  }

  /// The sums of a node whose gradient is known already.
  void SumsPass(int node) {
    const std::vector<Term<T>*> terms = SummedTerms(node);
    const int64_t stride = static_cast<int64_t>(terms.size() + 1) * Up(cell_.channels);
    std::vector<T> sums(terms.empty() ? 0 : images_ * stride);
    if (!terms.empty()) {
      ParallelFor(images_, [&](int64_t, int64_t begin, int64_t end) {
        std::vector<LinearTerm<T>> linear;
        for (int64_t n = begin; n < end; ++n) {
          NodeSums(terms, node, n, linear, sums.data() + n * stride);
        }
      });
    }
    FinishTerms(node, terms, sums, stride);
  }

  /// From the sums over images: the coefficients' gradients, and what the terms' backward needs.
  void FinishTerms(int node, const std::vector<Term<T>*>& summed, const std::vector<T>& sums,
                   int64_t stride) {
    const int64_t channels = cell_.channels, up = Up(channels);
    // Over the images, each as an edge of the node scales it.
    const auto total = [&](const Term<T>& term, int64_t place) {
      std::vector<double> sum(channels);
      for (int64_t n = 0; n < images_; ++n) {
        const double scale = term.ScaleOf(n);
        for (int64_t c = 0; c < channels; ++c) sum[c] += scale * sums[n * stride + place + c];
      }
      return sum;
    };
    for (Term<T>* term : TermsOf(node)) {
      const double coefficient = coefficients_[term->coefficient];
      std::vector<double> gradient_sum(channels), deviation(channels);
      if (!sums.empty()) gradient_sum = total(*term, 0);
      const auto found = std::find(summed.begin(), summed.end(), term);
      if (found != summed.end()) {
        deviation = total(*term, (1 + (found - summed.begin())) * up);
      }
      double of_coefficient = 0;
      std::vector<T> factor(up);
      if (!term->normalizes) {
        for (int64_t c = 0; c < channels; ++c) {
          factor[c] = static_cast<T>(coefficient * term->scale);
          of_coefficient += term->scale * deviation[c];
        }
      } else {
        const Normalization& normalization = term->normalization;
        term->slope.assign(up, 0);
        term->offset.assign(up, 0);
        std::vector<double> weight(channels), bias(channels);
        for (int64_t c = 0; c < channels; ++c) {
          of_coefficient +=
              normalization.scale(c) * deviation[c] + normalization.bias[c] * gradient_sum[c];
          const NormalizationGradient back =
              BackwardOf(normalization, c, gradient_sum[c], deviation[c],
                         images_ * cell_.height * cell_.width, coefficient);
          factor[c] = static_cast<T>(back.factor);
          term->slope[c] = static_cast<T>(back.slope);
          term->offset[c] = static_cast<T>(back.offset);
          weight[c] = back.weight;
          bias[c] = back.bias;
        }
        TakeAffineGradients(term->affine_input, weight, bias);
      }
      term->SetFactor(factor);
      if (wants_[0]) coefficient_gradients_[term->coefficient] += of_coefficient;
    }
  }

  void TakeWeightGradients(const Round<T>& round, const WantedGradients& wanted,
                           std::vector<T>& sums, int64_t sums_size, int64_t first) {
    if (!wanted.any()) return;
    const int64_t size = round.packed.sums_size(wanted);
    for (int64_t chunk = 1; chunk < NumChunks(images_); ++chunk) {
      const T* from = sums.data() + chunk * sums_size + first;
      for (int64_t i = 0; i < size; ++i) sums[first + i] += from[i];
    }
    const WeightGradients g =
        round.packed.Unpack(wanted, round.packed.Place(wanted, sums.data() + first));
    results_[round.input] = g.depthwise;
    results_[round.input + 1] = g.weight;
    results_[round.input + 2] = g.second_weight;
    results_[round.input + 3] = g.bias;
  }

  void TakeAffineGradients(size_t input, const std::vector<double>& weight,
                           const std::vector<double>& bias) {
    const auto tensor = [&](const std::vector<double>& values) {
      at::Tensor t = at::empty({static_cast<int64_t>(values.size())}, gradient_.options());
      std::copy(values.begin(), values.end(), t.template mutable_data_ptr<T>());
      return t;
    };
    if (wants_[input]) results_[input] = tensor(weight);
    if (wants_[input + 1]) results_[input + 1] = tensor(bias);
  }

  at::Tensor Empty2(int64_t channels, int64_t height, int64_t width) const {
    return at::empty({images_, channels, height, width}, gradient_.options(),
                     at::MemoryFormat::ChannelsLast);
  }

  const T* ones() const { return ones_.data(); }

  const KernelTable<T>& loops_;
  MixedCellArgs cell_;
  const int64_t images_;
  std::vector<at::Tensor> autograd_inputs_;
  size_t autograd_inputs_count_ = 0;
  std::vector<double> coefficients_;
  std::vector<at::Tensor> inputs_;       ///< channels-last
  std::vector<at::Tensor> inner_nodes_;  ///< nodes that aren't in the output
  std::vector<Batch<T>> nodes_;
  std::vector<Raw<T>> raws_;
  std::vector<Term<T>> terms_;
  const std::vector<T> ones_ = std::vector<T>(RoundUp(cell_.channels, loops_.lanes), T(1));

  // Of a backward pass.
  std::vector<bool> wants_;
  bool keep_ = false;
  at::Tensor gradient_;
  std::vector<Batch<T>> node_gradients_;  ///< null: zero
  std::vector<at::Tensor> gradient_memory_;
  std::vector<double> coefficient_gradients_;
  std::vector<at::Tensor> results_;
};

template <typename T>
class MixedCellNode : public FusedNode {
 public:
  explicit MixedCellNode(std::unique_ptr<CellComputation<T>> computation)
      : computation_(std::move(computation)) {}

  std::string name() const override { return "pdarts::MixedCell"; }

  torch::autograd::variable_list Backward(torch::autograd::variable_list gradients) override {
    if (!gradients[0].defined()) return torch::autograd::variable_list(num_outputs());
    std::vector<at::Tensor> inputs;
    for (size_t i = 0; i < num_inputs; ++i) inputs.push_back(Saved(i));
    const at::Tensor out = Saved(num_inputs);  // throws in a second pass without retain_graph
    CHECK(computation_ != nullptr);
    // Refuses weights that were changed since the forward pass.
    for (size_t i = num_inputs + 1; i < num_saved; ++i) Saved(i);
    return computation_->Backward(inputs, out, ChannelsLast(gradients[0]),
                                  torch::autograd::get_current_graph_task_keep_graph(),
                                  [this](size_t i) { return Wants(i); });
  }

  void release_variables() override {
    FusedNode::release_variables();
    computation_.reset();
  }

  size_t num_inputs = 0;
  size_t num_saved = 0;

 private:
  std::unique_ptr<CellComputation<T>> computation_;
};

template <typename T>
at::Tensor MixedCellWithLoops(InstructionSet instructions, const MixedCellArgs& cell,
                              const std::vector<at::Tensor>& inputs,
                              const at::Tensor& coefficients) {
  std::unique_ptr<CellComputation<T>> computation;
  at::Tensor out;
  {
    at::NoGradGuard no_grad;
    computation = std::make_unique<CellComputation<T>>(instructions, cell, inputs, coefficients);
    out = computation->Forward();
  }
  const std::vector<at::Tensor> autograd_inputs = computation->autograd_inputs();
  if (!NeedsGraph(autograd_inputs)) return out;
  const std::vector<at::Tensor> kept = computation->inputs();
  computation->ForgetInputs();
  const auto node = MakeFusedNode<MixedCellNode<T>>(std::move(computation));
  Connect(node, autograd_inputs, out);
  for (const at::Tensor& input : kept) node->Save(input);
  node->Save(out, /*output=*/true);
  for (size_t i = 1 + inputs.size(); i < autograd_inputs.size(); ++i) {
    node->num_saved = node->Save(autograd_inputs[i]) + 1;
  }
  node->num_inputs = kept.size();
  return out;
}

}  // namespace

at::Tensor MixedCell(const Backend& backend, const MixedCellArgs& cell,
                     const std::vector<at::Tensor>& inputs, const at::Tensor& coefficients) {
  CHECK(cell.num_inputs > 0 && static_cast<int>(inputs.size()) == cell.num_inputs &&
        cell.num_nodes > cell.num_inputs);
  CHECK_EQ(coefficients.dim(), 1);
  CHECK(coefficients.scalar_type() == inputs[0].scalar_type());
  for (const int node : cell.output_nodes) {
    CHECK(node >= cell.num_inputs && node < cell.num_nodes) << node;
  }
  if (backend.kernels == REFERENCE) return composition::MixedCell(cell, inputs, coefficients);
  return DispatchFloating(inputs[0], [&](auto zero) {
    return MixedCellWithLoops<decltype(zero)>(backend.instructions, cell, inputs, coefficients);
  });
}

}  // namespace pdarts::nn
