#include "pdarts/nn/kernels/cell_backward.h"

#include <algorithm>
#include <utility>

#include "ATen/ops/empty.h"
#include "pdarts/nn/kernels/normalization.h"
#include "pdarts/nn/kernels/parallel.h"
#include "pdarts/nn/kernels/scratch.h"
#include "pdarts/nn/kernels/scratch_planes.h"

namespace pdarts::nn {

template <typename S, typename A>
CellBackward<S, A>::CellBackward(const CellPlan& plan, const KernelTable<S, A>& loops,
                                 CellValues<S, A>& values, const std::vector<at::Tensor>& inputs,
                                 const at::Tensor& out, const at::Tensor& gradient, bool keep,
                                 std::vector<bool> wants)
    : plan_(plan),
      loops_(loops),
      values_(values),
      gradient_(gradient),
      keep_(keep),
      wants_(std::move(wants)),
      nodes_(PlaceNodes<S>(plan, inputs, values.inner_nodes, out)),
      ones_(RoundUp(plan.channels, loops.lanes), A(1)),
      means_(plan.terms.size()),
      node_gradients_(plan.num_nodes()),
      term_gradients_(plan.terms.size()),
      coefficient_gradients_(plan.num_coefficients),
      results_(wants_.size()) {
  for (size_t t = 0; t < plan.terms.size(); ++t) {
    if (!plan.terms[t].normalizes) continue;
    const std::vector<double>& mean = values.normalizations[t].mean;
    means_[t] = ChannelValues<A>(plan.channels, loops.lanes, [&](int64_t c) { return mean[c]; });
  }
}

template <typename S, typename A>
std::vector<at::Tensor> CellBackward<S, A>::Run() {
  const std::vector<std::vector<int>> groups = plan_.groups();
  for (auto group = groups.rbegin(); group != groups.rend(); ++group) RunGroup(*group);
  if (wants_[0]) {
    results_[0] = at::empty({plan_.num_coefficients}, gradient_.options().dtype(kScalarType<A>));
    std::copy(coefficient_gradients_.begin(), coefficient_gradients_.end(),
              MutableData<A>(results_[0]));
  }
  return std::move(results_);
}

template <typename S, typename A>
void CellBackward<S, A>::RunGroup(const std::vector<int>& sources) {
  const int first = sources[0];
  if (!plan_.is_input(first) && !plan_.nodes[first].is_consumed()) {
    const int place = plan_.nodes[first].place_in_output;
    if (place < 0) return;  // the loss does not depend on the node
    node_gradients_[first] = PartOfOutput<S>(plan_, gradient_, place);
    SumsPass(first);
    return;
  }
  std::vector<Flow> flows = FlowsInto(sources);
  size_t longest = 1;
  for (const Flow& flow : flows) {
    longest = std::max(longest, plan_.operations[flow.operation].chain.size());
  }
  for (size_t place = longest - 1; place > 0; --place) LaterPass(flows, place);
  FirstPass(sources, flows);
}

template <typename S, typename A>
std::vector<typename CellBackward<S, A>::Flow> CellBackward<S, A>::FlowsInto(
    const std::vector<int>& sources) const {
  std::vector<Flow> flows;
  for (const int o : plan_.OperationsOn(sources)) {
    if (!WantsValue(plan_.operations[o])) continue;
    Flow flow;
    flow.operation = o;
    for (size_t t = 0; t < plan_.terms.size(); ++t) {
      const CellPlan::Term& term = plan_.terms[t];
      if (term.operation == o && node_gradients_[term.node].data != nullptr) {
        flow.terms.push_back(static_cast<int>(t));
      }
    }
    if (!flow.terms.empty()) flows.push_back(std::move(flow));
  }
  return flows;
}

template <typename S, typename A>
AffineGradient<S, A> CellBackward<S, A>::GradientOf(const Flow& flow, size_t place,
                                                    int64_t image) const {
  const Convolution& c = values_.operations[flow.operation].chain[place];
  const Pixels<const S> value = Const(WholeBatch<S>(c.value).image(image));
  const Pixels<const S> none = {nullptr, 0};
  if (place + 1 < values_.operations[flow.operation].chain.size()) {
    return {Const(flow.behind.image(image)), flow.gradients.by_batch ? value : none,
            flow.gradients.factor.data(), flow.gradients.slope.data(),
            flow.gradients.offset.data()};
  }
  const int t = flow.terms[0];
  const TermGradient& of_term = term_gradients_[t];
  return {Const(node_gradients_[plan_.terms[t].node].image(image)),
          values_.normalizations[t].by_batch ? value : none, of_term.factor.OfImage(image),
          of_term.slope.data(), of_term.offset.data()};
}

template <typename S, typename A>
bool CellBackward<S, A>::IsIn(const Flow& flow, size_t place) const {
  const CellPlan::Operation& operation = plan_.operations[flow.operation];
  return place < operation.chain.size() && WantsConvolution(operation, place);
}

template <typename S, typename A>
void CellBackward<S, A>::LaterPass(std::vector<Flow>& flows, size_t place) {
  const int64_t count = std::count_if(flows.begin(), flows.end(),
                                      [&](const Flow& flow) { return IsIn(flow, place); });
  const int64_t parts = NumParts(plan_.images, count), tasks = plan_.images * parts;
  WeightSums weight_sums = MakeWeightSums(flows, place, tasks);
  std::vector<size_t> longer;  // indices into `flows`
  std::vector<Batch<S>> targets;
  // [image][2][up]: the sum of the gradient behind the previous batch normalization, and the sum of
  // this gradient times (value - mean) of that normalization's input.
  std::vector<std::vector<A>> norm_sums;
  int64_t margin = 0, scratch_size = 0;
  for (size_t i = 0; i < flows.size(); ++i) {
    if (!IsIn(flows[i], place)) continue;
    const CellPlan::Operation& operation = plan_.operations[flows[i].operation];
    const Convolution& c = values_.operations[flows[i].operation].chain[place];
    const Convolution& before = values_.operations[flows[i].operation].chain[place - 1];
    const ConvolutionShape& s = c.packed.shape();
    margin = std::max<int64_t>(margin, s.margin);
    scratch_size = std::max(scratch_size, c.packed.scratch_size());
    longer.push_back(i);
    targets.emplace_back();
    norm_sums.emplace_back();
    if (!WantsConvolution(operation, place - 1) &&
        !WantsAffine(operation.chain[place - 1].first_input + CellPlan::kNormWeight)) {
      continue;
    }
    // When the gradient of this convolution's value in an image is known, the value is no longer
    // needed, and the gradient can use its memory.
    const bool reuse = !keep_ && c.value.sizes() == before.value.sizes();
    memory_.push_back(reuse ? c.value : Empty(s.in_channels, s.in_height, s.in_width));
    targets.back() = WholeBatch<S>(memory_.back());
    norm_sums.back().resize(plan_.images * 2 * Up(s.in_channels));
  }
  ParallelFor(tasks, [&](int64_t chunk, int64_t begin, int64_t end) {
    Scratch& scratch = Scratch::OfThread();
    scratch.Reset();
    A* work = scratch.Get<A>(scratch_size);
    ScratchPlanes<A> relus(scratch, margin, loops_.lanes), middles(scratch, margin, loops_.lanes),
        gradients(scratch, margin, loops_.lanes);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t n = task / parts;
      for (int64_t i = task % parts; i < count; i += parts) {
        const Flow& flow = flows[longer[i]];
        const std::vector<Convolution>& chain = values_.operations[flow.operation].chain;
        const Convolution& c = chain[place];
        const Convolution& before = chain[place - 1];
        const ConvolutionShape& s = c.packed.shape();
        const Pixels<const S> x = Const(WholeBatch<S>(before.value).image(n));
        Plane<A> relu = {nullptr, 0, 0}, gradient = {nullptr, 0, 0};
        const auto sums = PlaceSums(weight_sums, longer[i], c, chunk);
        if (sums.read_input()) {
          relu = relus.Get(s.in_channels, s.in_height, s.in_width);
          loops_.load_relu(x, s.in_channels, s.in_height, s.in_width, before.scale.data(),
                           before.shift.data(), relu);
        }
        const bool has_target = targets[i].data != nullptr;
        if (has_target) gradient = InputGradientPlane(s, gradients);
        loops_.convolution_backward(s, Const(relu), GradientOf(flow, place, n), c.packed.weights(),
                                    MiddlePlane(s, middles), gradient, ReplacesGradient(s),
                                    sums.depthwise, sums.forward, sums.bias, work);
        if (!has_target) continue;
        loops_.relu_backward(Const(gradient), x, s.in_channels, s.in_height, s.in_width,
                             before.scale.data(), before.shift.data(), before.mean.data(),
                             targets[i].image(n), norm_sums[i].data() + n * 2 * Up(s.in_channels));
      }
    }
  });
  TakeWeightGradients(flows, place, weight_sums);
  std::vector<GradientSums> own(longer.size()), memory;
  std::vector<size_t> shared;
  for (size_t i = 0; i < longer.size(); ++i) {
    if (targets[i].data == nullptr) continue;
    own[i] = SumOverImages(norm_sums[i], plan_.images, targets[i].channels);
    shared.push_back(i);
  }
  const std::vector<GradientSums>& batch = SumsOfBatch(plan_.communicator, own, shared, &memory);
  for (size_t i = 0; i < longer.size(); ++i) {
    Flow& flow = flows[longer[i]];
    flow.behind = targets[i];
    if (targets[i].data == nullptr) continue;
    const Normalization& n = values_.operations[flow.operation].chain[place - 1].normalization;
    flow.gradients = BackwardOf<A>(n, own[i], batch[i], loops_.lanes);
    TakeAffineGradients(
        plan_.operations[flow.operation].chain[place - 1].first_input + CellPlan::kNormWeight,
        flow.gradients.weight, flow.gradients.bias);
  }
}

template <typename S, typename A>
void CellBackward<S, A>::FirstPass(const std::vector<int>& sources,
                                   const std::vector<Flow>& flows) {
  const int node = plan_.is_input(sources[0]) ? -1 : sources[0];
  const int64_t count = static_cast<int64_t>(flows.size());
  const int64_t parts = NumParts(plan_.images, count), tasks = plan_.images * parts;
  WeightSums weight_sums = MakeWeightSums(flows, 0, tasks);
  // [source][part]: the gradient of the source from the operations of the part. Part 0 becomes the
  // complete gradient.
  std::vector<std::vector<Batch<S>>> targets;
  for (const int source : sources) {
    std::vector<Batch<S>>& of_source = targets.emplace_back();
    if (!WantsSource(source)) continue;
    const Batch<S>& x = nodes_[source];
    for (int64_t part = 0; part < parts; ++part) {
      memory_.push_back(Empty(x.channels, x.height, x.width));
      of_source.push_back(WholeBatch<S>(memory_.back()));
      if (part > 0) continue;
      if (plan_.is_input(source)) results_[1 + source] = memory_.back();
      node_gradients_[source] = of_source[0];
    }
  }
  int64_t margin = 0, scratch_size = 0;
  for (const Flow& flow : flows) {
    if (!IsIn(flow, 0)) continue;
    const PackedConvolution<A>& packed = values_.operations[flow.operation].chain[0].packed;
    margin = std::max<int64_t>(margin, packed.shape().margin);
    scratch_size = std::max(scratch_size, packed.scratch_size());
  }
  const std::vector<int> summed = node < 0 ? std::vector<int>() : SummedTerms(node);
  const int64_t sums_stride = static_cast<int64_t>(summed.size() + 1) * Up(plan_.channels);
  const int64_t pixels = plan_.height * plan_.width, pieces = NumParts(plan_.images, pixels);
  // With fewer images than threads, a second pass adds the gradients of the parts and computes the
  // sums of the node.
  const bool sums_later = parts > 1 || pieces > 1;
  // [pieces][images][terms]
  std::vector<A> node_sums(summed.empty() ? 0 : pieces * plan_.images * sums_stride);

  ParallelFor(tasks, [&](int64_t chunk, int64_t begin, int64_t end) {
    Scratch& scratch = Scratch::OfThread();
    scratch.Reset();
    A* work = scratch.Get<A>(scratch_size);
    S* pool_gradient = scratch.Get<S>(plan_.height * plan_.width * plan_.channels);
    ScratchPlanes<A> relus(scratch, margin, loops_.lanes), middles(scratch, margin, loops_.lanes),
        gradients(scratch, margin, loops_.lanes);
    std::vector<LinearTerm<S, A>> linear;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t n = task / parts, part = task % parts;
      for (size_t s = 0; s < sources.size(); ++s) {
        const int source = sources[s];
        const Batch<S>& x = nodes_[source];
        const bool wants_source = !targets[s].empty();
        Plane<A> gradient = {nullptr, 0, 0}, relu = {nullptr, 0, 0};
        if (wants_source) gradient = gradients.GetZeros(x.channels, x.height, x.width);
        for (int64_t i = part; i < count; i += parts) {
          if (plan_.operations[flows[i].operation].source != source || !IsIn(flows[i], 0)) continue;
          if (relu.data == nullptr) {
            relu = relus.Get(x.channels, x.height, x.width);
            loops_.load_relu(Const(x.image(n)), x.channels, x.height, x.width, nullptr, nullptr,
                             relu);
          }
          const Convolution& c = values_.operations[flows[i].operation].chain[0];
          const auto sums = PlaceSums(weight_sums, i, c, chunk);
          loops_.convolution_backward(c.packed.shape(), Const(relu), GradientOf(flows[i], 0, n),
                                      c.packed.weights(), MiddlePlane(c.packed.shape(), middles),
                                      gradient, /*replaces=*/false, sums.depthwise, sums.forward,
                                      sums.bias, work);
        }
        if (!wants_source) continue;
        if (relu.data != nullptr) {
          loops_.mask_by_relu(Const(relu), x.channels, x.height, x.width, gradient);
        }
        for (int64_t i = part; i < count; i += parts) {
          const CellPlan::Operation& operation = plan_.operations[flows[i].operation];
          if (operation.source != source || operation.is_convolution()) continue;
          PoolBackward(flows[i], n, linear, pool_gradient, gradient);
        }
        linear.clear();
        if (part == 0) {
          for (const int t : plan_.nodes[source].identities) {
            const CellPlan::Term& term = plan_.terms[t];
            if (node_gradients_[term.node].data == nullptr) continue;
            linear.push_back({Const(node_gradients_[term.node].image(n)),
                              term_gradients_[t].factor.OfImage(n), TermMask(plan_, term, n)});
          }
          const int place = plan_.nodes[source].place_in_output;
          if (place >= 0) {
            linear.push_back({Const(PartOfOutput<S>(plan_, gradient_, place).image(n)),
                              ones_.data(),
                              {nullptr, 0}});
          }
        }
        loops_.combine(Const(gradient), linear.data(), static_cast<int64_t>(linear.size()), nullptr,
                       x.channels, x.height, x.width, targets[s][part].image(n));
        if (!sums_later && !summed.empty()) {
          NodeSums(summed, node, n, {0, pixels}, linear, node_sums.data() + n * sums_stride);
        }
      }
    }
  });
  if (sums_later) {
    ForPieces(plan_.images, pixels, pieces, [&](int64_t n, PixelRange range, int64_t piece) {
      std::vector<LinearTerm<S, A>> linear;
      for (const std::vector<Batch<S>>& of_source : targets) {
        if (of_source.size() <= 1) continue;
        const Batch<S>& x = of_source[0];
        const PixelRange own = Piece(x.pixels(), pieces, piece);
        const std::vector<A> ones(Up(x.channels), A(1));
        linear.clear();
        for (const Batch<S>& part : of_source) {
          linear.push_back({From(Const(part.image(n)), own.begin), ones.data(), {nullptr, 0}});
        }
        loops_.combine({nullptr, 0, 0}, linear.data(), static_cast<int64_t>(linear.size()), nullptr,
                       x.channels, /*height=*/1, own.size(), From(x.image(n), own.begin));
      }
      if (!summed.empty()) {
        NodeSums(summed, node, n, range, linear,
                 node_sums.data() + (piece * plan_.images + n) * sums_stride);
      }
    });
    AddChunks(plan_.images * sums_stride, node_sums);
  }
  TakeWeightGradients(flows, 0, weight_sums);
  if (node >= 0) FinishTerms(node, summed, node_sums, sums_stride);
}

template <typename S, typename A>
void CellBackward<S, A>::PoolBackward(const Flow& flow, int64_t image,
                                      std::vector<LinearTerm<S, A>>& linear, S* memory,
                                      Plane<A> gradient) const {
  const CellPlan::Operation& operation = plan_.operations[flow.operation];
  // The gradient of the pooled value, from all edges that use it.
  const int64_t up = Up(plan_.channels);
  const Pixels<const S> value =
      Const(WholeBatch<S>(values_.operations[flow.operation].pooled).image(image));
  std::vector<A> slope(up), offset(up);
  linear.clear();
  bool by_batch = false;
  for (const int t : flow.terms) {
    const TermGradient& of_term = term_gradients_[t];
    linear.push_back({Const(node_gradients_[plan_.terms[t].node].image(image)),
                      of_term.factor.OfImage(image),
                      {nullptr, 0}});
    if (!plan_.terms[t].normalizes || !values_.normalizations[t].by_batch) continue;
    by_batch = true;
    for (int64_t c = 0; c < up; ++c) {
      slope[c] += of_term.slope[c];
      offset[c] += of_term.offset[c];
    }
  }
  if (by_batch) linear.push_back({value, slope.data(), {nullptr, 0}});
  const Pixels<S> to = {memory, plan_.channels};
  loops_.combine({nullptr, 0, 0}, linear.data(), static_cast<int64_t>(linear.size()),
                 by_batch ? offset.data() : nullptr, plan_.channels, plan_.height, plan_.width, to);
  const Batch<S>& x = nodes_[operation.source];
  if (operation.kind == CellOperation::Kind::kMaxPool) {
    loops_.max_pool_backward(Const(x.image(image)), value, Const(to), x.channels, x.height, x.width,
                             operation.stride, gradient);
  } else {
    loops_.average_pool_backward(Const(to), x.channels, x.height, x.width, operation.stride,
                                 gradient);
  }
}

template <typename S, typename A>
std::vector<int> CellBackward<S, A>::SummedTerms(int node) const {
  std::vector<int> terms;
  for (const int t : plan_.nodes[node].terms) {
    if (NeedsSums(plan_.terms[t])) terms.push_back(t);
  }
  return terms;
}

template <typename S, typename A>
void CellBackward<S, A>::NodeSums(const std::vector<int>& terms, int node, int64_t image,
                                  PixelRange range, std::vector<LinearTerm<S, A>>& linear,
                                  A* sums) const {
  linear.clear();
  linear.push_back({{nullptr, 0}, nullptr, {nullptr, 0}});
  for (const int t : terms) {
    const CellPlan::Term& term = plan_.terms[t];
    linear.push_back({From(TermValues(term, values_, nodes_, image), range.begin),
                      term.normalizes ? means_[t].data() : nullptr,
                      From(TermMask(plan_, term, image), range.begin)});
  }
  loops_.gradient_sums(From(Const(node_gradients_[node].image(image)), range.begin), linear.data(),
                       static_cast<int64_t>(linear.size()), plan_.channels, range.size(), sums);
}

template <typename S, typename A>
void CellBackward<S, A>::SumsPass(int node) {
  const std::vector<int> summed = SummedTerms(node);
  const int64_t stride = static_cast<int64_t>(summed.size() + 1) * Up(plan_.channels);
  const int64_t pixels = plan_.height * plan_.width, pieces = NumParts(plan_.images, pixels);
  std::vector<A> sums(summed.empty() ? 0 : pieces * plan_.images * stride);
  if (!summed.empty()) {
    ForPieces(plan_.images, pixels, pieces, [&](int64_t n, PixelRange range, int64_t piece) {
      std::vector<LinearTerm<S, A>> linear;
      NodeSums(summed, node, n, range, linear, sums.data() + (piece * plan_.images + n) * stride);
    });
    AddChunks(plan_.images * stride, sums);
  }
  FinishTerms(node, summed, sums, stride);
}

template <typename S, typename A>
void CellBackward<S, A>::FinishTerms(int node, const std::vector<int>& summed,
                                     const std::vector<A>& sums, int64_t stride) {
  const int64_t channels = plan_.channels, up = Up(channels);
  // The sum over the images, each multiplied by the image scale of the edge.
  const auto total = [&](const CellPlan::Term& term, int64_t place) {
    std::vector<double> sum(channels);
    for (int64_t n = 0; n < plan_.images; ++n) {
      const double scale = term.ScaleOf(n);
      for (int64_t c = 0; c < channels; ++c) sum[c] += scale * sums[n * stride + place + c];
    }
    return sum;
  };
  const std::vector<int>& terms = plan_.nodes[node].terms;
  std::vector<GradientSums> own(terms.size()), memory;
  std::vector<size_t> shared;
  for (size_t i = 0; i < terms.size(); ++i) {
    const CellPlan::Term& term = plan_.terms[terms[i]];
    own[i] = {std::vector<double>(channels), std::vector<double>(channels)};
    if (!sums.empty()) own[i].gradient = total(term, 0);
    const auto found = std::find(summed.begin(), summed.end(), terms[i]);
    if (found == summed.end()) continue;
    own[i].deviation = total(term, (1 + (found - summed.begin())) * up);
    if (term.normalizes) shared.push_back(i);
  }
  const std::vector<GradientSums>& batch = SumsOfBatch(plan_.communicator, own, shared, &memory);
  for (size_t i = 0; i < terms.size(); ++i) {
    const int t = terms[i];
    const CellPlan::Term& term = plan_.terms[t];
    TermGradient& of_term = term_gradients_[t];
    const double coefficient = values_.coefficients[term.coefficient];
    double of_coefficient = 0;
    std::vector<A> factor(up);
    if (!term.normalizes) {
      for (int64_t c = 0; c < channels; ++c) {
        factor[c] = static_cast<A>(coefficient * term.scale);
        of_coefficient += term.scale * own[i].deviation[c];
      }
    } else {
      const Normalization& normalization = values_.normalizations[t];
      of_term.slope.assign(up, 0);
      of_term.offset.assign(up, 0);
      std::vector<double> weight(channels), bias(channels);
      for (int64_t c = 0; c < channels; ++c) {
        of_coefficient += normalization.scale(c) * own[i].deviation[c] +
                          normalization.bias[c] * own[i].gradient[c];
        const NormalizationGradient back =
            BackwardOf(normalization, c, own[i], batch[i], coefficient);
        factor[c] = static_cast<A>(back.factor);
        of_term.slope[c] = static_cast<A>(back.slope);
        of_term.offset[c] = static_cast<A>(back.offset);
        weight[c] = back.weight;
        bias[c] = back.bias;
      }
      TakeAffineGradients(term.affine_input, weight, bias);
    }
    of_term.factor = TermFactor<A>(term, factor);
    if (wants_[0]) coefficient_gradients_[term.coefficient] += of_coefficient;
  }
}

template <typename S, typename A>
typename CellBackward<S, A>::WeightSums CellBackward<S, A>::MakeWeightSums(
    const std::vector<Flow>& flows, size_t place, int64_t tasks) const {
  WeightSums sums;
  sums.wanted.resize(flows.size());
  sums.first.resize(flows.size());
  for (size_t i = 0; i < flows.size(); ++i) {
    sums.first[i] = sums.size;
    if (!IsIn(flows[i], place)) continue;
    sums.wanted[i] = WantedOf(plan_.operations[flows[i].operation].chain[place]);
    sums.size +=
        values_.operations[flows[i].operation].chain[place].packed.sums_size(sums.wanted[i]);
  }
  sums.sums.resize(NumChunks(tasks) * sums.size);
  return sums;
}

template <typename S, typename A>
typename PackedConvolution<A>::Sums CellBackward<S, A>::PlaceSums(WeightSums& sums, size_t i,
                                                                  const Convolution& c,
                                                                  int64_t chunk) const {
  return c.packed.Place(sums.wanted[i], sums.sums.data() + chunk * sums.size + sums.first[i]);
}

template <typename S, typename A>
void CellBackward<S, A>::TakeWeightGradients(const std::vector<Flow>& flows, size_t place,
                                             WeightSums& sums) {
  if (sums.size == 0) return;
  AddChunks(sums.size, sums.sums);
  for (size_t i = 0; i < flows.size(); ++i) {
    if (!sums.wanted[i].any()) continue;
    const Convolution& c = values_.operations[flows[i].operation].chain[place];
    const WeightGradients g = c.packed.Unpack(sums.wanted[i], PlaceSums(sums, i, c, 0));
    const size_t first = plan_.operations[flows[i].operation].chain[place].first_input;
    results_[first + CellPlan::kDepthwise] = g.depthwise;
    results_[first + CellPlan::kWeight] = g.weight;
    results_[first + CellPlan::kSecondWeight] = g.second_weight;
    results_[first + CellPlan::kBias] = g.bias;
  }
}

template <typename S, typename A>
void CellBackward<S, A>::TakeAffineGradients(size_t input, const std::vector<double>& weight,
                                             const std::vector<double>& bias) {
  if (wants_[input]) results_[input] = ToTensor<A>(weight, gradient_);
  if (wants_[input + 1]) results_[input + 1] = ToTensor<A>(bias, gradient_);
}

template <typename S, typename A>
WantedGradients CellBackward<S, A>::WantedOf(const CellPlan::Convolution& c) const {
  WantedGradients wanted;
  wanted.depthwise = wants_[c.first_input + CellPlan::kDepthwise];
  wanted.weight = wants_[c.first_input + CellPlan::kWeight];
  wanted.second_weight = wants_[c.first_input + CellPlan::kSecondWeight];
  wanted.bias = wants_[c.first_input + CellPlan::kBias];
  return wanted;
}

template <typename S, typename A>
bool CellBackward<S, A>::WantsConvolution(const CellPlan::Operation& operation,
                                          size_t place) const {
  if (WantsSource(operation.source)) return true;
  for (size_t i = 0; i <= place; ++i) {
    const CellPlan::Convolution& c = operation.chain[i];
    if (WantedOf(c).any() || (i < place && WantsAffine(c.first_input + CellPlan::kNormWeight))) {
      return true;
    }
  }
  return false;
}

template <typename S, typename A>
bool CellBackward<S, A>::WantsValue(const CellPlan::Operation& operation) const {
  return operation.is_convolution() ? WantsConvolution(operation, operation.chain.size() - 1)
                                    : WantsSource(operation.source);
}

template <typename S, typename A>
bool CellBackward<S, A>::NeedsSums(const CellPlan::Term& term) const {
  if (wants_[0]) return true;
  return term.normalizes &&
         (WantsValue(plan_.operations[term.operation]) || WantsAffine(term.affine_input));
}

template <typename S, typename A>
at::Tensor CellBackward<S, A>::Empty(int64_t channels, int64_t height, int64_t width) const {
  return at::empty({plan_.images, channels, height, width}, gradient_.options(),
                   at::MemoryFormat::ChannelsLast);
}

template class CellBackward<float, float>;
template class CellBackward<double, double>;
template class CellBackward<Bfloat16, float>;

}  // namespace pdarts::nn
