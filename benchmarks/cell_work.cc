#include "benchmarks/cell_work.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>

#include "ATen/ops/zeros.h"
#include "pdarts/nn/kernels/cell_plan.h"
#include "pdarts/nn/kernels/kernel_table.h"
#include "pdarts/nn/kernels/packing.h"

namespace pdarts::nn {
namespace {

using Kind = CellOperation::Kind;

constexpr double kOfStatistics = 2;
constexpr double kOfPool = 4;
constexpr double kOfNormalizationGradient = 2;
constexpr double kOfNormalizationSums = 3;

/// The work of a ReLU-conv-BN for all images.
struct ReluConvBnWork {
  double in_values = 0, out_values = 0;
  double depthwise = 0;   ///< multiply-adds
  double matrix = 0;      ///< multiply-adds
  bool by_batch = false;  ///< whether it is normalized with the statistics of the batch
};

ReluConvBnWork WorkOf(const CellPlan::Convolution& convolution, int64_t images) {
  const ConvolutionShape& shape = convolution.shape();
  const int64_t out_pixels = images * shape.out_height * shape.out_width;
  // Each output pixel multiplies each weight once. The matrices of the loops are larger: those of a
  // factorized reduction have zeros where a tap has no weights.
  int64_t weights = 0;
  for (const ConvolutionDescription::Part& part : convolution.description.parts) {
    weights += (convolution.convolution.*part.tensor).numel();
  }
  ReluConvBnWork work;
  work.in_values =
      static_cast<double>(images * shape.in_height * shape.in_width * shape.in_channels);
  work.out_values = static_cast<double>(out_pixels * shape.out_channels);
  work.depthwise =
      static_cast<double>(out_pixels * shape.in_channels * shape.depthwise * shape.depthwise);
  work.matrix = static_cast<double>(out_pixels * weights);
  work.by_batch = convolution.batch_norm.training;
  return work;
}

class Counter {
 public:
  /// bytes: of one stored value.
  Counter(const CellPlan& plan, int64_t bytes)
      : plan_(plan),
        bytes_(static_cast<double>(bytes)),
        term_values_(static_cast<double>(plan.images * plan.channels * plan.height * plan.width)),
        targets_(plan.operations.size()) {
    for (const CellPlan::Term& term : plan.terms) {
      if (term.operation >= 0) targets_[term.operation].push_back(term.node);
    }
  }

  PassWork Forward() const {
    PassWork work;
    for (int node = 0; node < plan_.num_nodes(); ++node) {
      if (!plan_.is_input(node)) {
        work.written_bytes += bytes_ * Values(node);
      } else if (!plan_.nodes[node].operations.empty()) {
        // Only inputs are read. The image of a node whose sum was just computed is in the cache.
        work.read_bytes += bytes_ * Values(node);
      }
    }
    for (const CellPlan::Operation& operation : plan_.operations) {
      for (size_t place = 0; place < operation.chain.size(); ++place) {
        const ReluConvBnWork own = WorkOf(operation.chain[place], plan_.images);
        work.written_bytes += bytes_ * own.out_values;
        work.matrix += own.matrix;
        work.other += own.depthwise + (own.by_batch ? kOfStatistics * own.out_values : 0);
        if (place == 0) continue;
        work.read_bytes += bytes_ * own.in_values;
        work.other += own.in_values;  // normalized
      }
      if (!operation.is_convolution()) {
        work.written_bytes += bytes_ * term_values_;
        work.other += (kOfPool + (operation.wants_statistics ? kOfStatistics : 0)) * term_values_;
      }
    }
    for (const CellPlan::Term& term : plan_.terms) {
      work.read_bytes += bytes_ * term_values_ + MaskBytes(term);
      work.other += term_values_;
    }
    return work;
  }

  PassWork Backward(bool of_weights) const {
    PassWork work;
    for (const std::vector<int>& sources : plan_.groups()) {
      const bool is_node = !plan_.is_input(sources[0]);
      if (is_node) NodeSums(sources[0], /*of_coefficients=*/!of_weights, &work);
      if (is_node && !plan_.nodes[sources[0]].is_consumed()) continue;
      SourcesBackward(sources, of_weights, &work);
    }
    return work;
  }

 private:
  double Values(int node) const {
    const CellPlan::Node& of = plan_.nodes[node];
    return static_cast<double>(plan_.images * of.channels * of.pixels());
  }

  static double MaskBytes(const CellPlan::Term& term) {
    return term.mask.defined() ? static_cast<double>(term.mask.numel()) : 0;
  }

  /// Adds the sums over the gradient of a node that its terms need.
  void NodeSums(int node, bool of_coefficients, PassWork* work) const {
    bool any = false, any_normalizes = false;
    for (const int t : plan_.nodes[node].terms) {
      const CellPlan::Term& term = plan_.terms[t];
      if (!(term.normalizes || of_coefficients)) continue;
      any = true;
      any_normalizes |= term.normalizes;
      work->read_bytes += bytes_ * term_values_ + MaskBytes(term);
      work->other += (term.normalizes ? kOfNormalizationSums - 1 : 1) * term_values_;
    }
    if (any_normalizes) work->other += Values(node);
    // The gradient of a node that other nodes use has just been computed.
    if (any && !plan_.nodes[node].is_consumed()) work->read_bytes += bytes_ * Values(node);
  }

  /// Adds the gradients of these sources, which are computed together.
  void SourcesBackward(const std::vector<int>& sources, bool of_weights, PassWork* work) const {
    const std::vector<int> operations = plan_.OperationsOn(sources);
    size_t longest = 1;
    for (const int o : operations) longest = std::max(longest, plan_.operations[o].chain.size());
    for (size_t place = longest - 1; place > 0; --place) {
      std::set<int> targets;
      for (const int o : operations) {
        if (place >= plan_.operations[o].chain.size()) continue;
        ConvolutionBackward(o, place, of_weights, &targets, work);
      }
      ReadNodes(targets, work);
    }
    std::set<int> targets;
    for (const int o : operations) {
      if (plan_.operations[o].is_convolution()) {
        ConvolutionBackward(o, 0, of_weights, &targets, work);
      } else {
        PoolBackward(o, &targets, work);
      }
    }
    for (const int source : sources) {
      for (const int t : plan_.nodes[source].identities) {
        targets.insert(plan_.terms[t].node);
        work->read_bytes += MaskBytes(plan_.terms[t]);
        work->other += term_values_;
      }
    }
    ReadNodes(targets, work);
    for (const int source : sources) WriteGradient(source, work);
  }

  /// Adds the gradients of a convolution for its input and, if `of_weights` is true, for its
  /// weights. targets: gets the nodes whose gradients the convolution reads.
  void ConvolutionBackward(int operation, size_t place, bool of_weights, std::set<int>* targets,
                           PassWork* work) const {
    const std::vector<CellPlan::Convolution>& chain = plan_.operations[operation].chain;
    const ReluConvBnWork own = WorkOf(chain[place], plan_.images);
    if (place + 1 < chain.size()) {
      work->read_bytes += bytes_ * own.out_values;  // the gradient after its normalization
    } else {
      targets->insert(targets_[operation].begin(), targets_[operation].end());
    }
    const double times = of_weights ? 2 : 1;
    work->matrix += times * own.matrix;
    work->other += times * own.depthwise;
    // The gradient of the weights of the 1x1 convolution needs the result of the depthwise
    // convolution.
    if (of_weights) work->recomputed += own.depthwise;
    if (own.by_batch) {
      work->read_bytes += bytes_ * own.out_values;
      work->other += kOfNormalizationGradient * own.out_values;
    } else {
      work->other += own.out_values;
    }
    if (place == 0) return;
    // The input is the value of the previous convolution in the chain, normalized.
    work->read_bytes += bytes_ * own.in_values;
    // It is normalized again for the sign at the ReLU, and for the gradients of the weights.
    work->recomputed += (of_weights ? 2 : 1) * own.in_values;
    work->written_bytes += bytes_ * own.in_values;
    work->other += kOfNormalizationSums * own.in_values;
  }

  /// Adds the gradient of a pool. targets: gets the nodes whose gradients the pool reads.
  void PoolBackward(int operation, std::set<int>* targets, PassWork* work) const {
    const CellPlan::Operation& pool = plan_.operations[operation];
    targets->insert(targets_[operation].begin(), targets_[operation].end());
    if (pool.wants_statistics || pool.kind == Kind::kMaxPool) {
      work->read_bytes += bytes_ * term_values_;
    }
    const double sums =
        static_cast<double>(targets_[operation].size()) + (pool.wants_statistics ? 1 : 0);
    work->other += (sums + kOfPool) * term_values_;
  }

  /// Adds the reading of the gradients of these nodes.
  void ReadNodes(const std::set<int>& nodes, PassWork* work) const {
    for (const int node : nodes) work->read_bytes += bytes_ * Values(node);
  }

  /// Adds the writing of a source's gradient, and the reading of what it needs besides the
  /// gradients of other nodes.
  void WriteGradient(int source, PassWork* work) const {
    const CellPlan::Node& node = plan_.nodes[source];
    const bool is_read = std::any_of(node.operations.begin(), node.operations.end(), [&](int o) {
      const CellPlan::Operation& operation = plan_.operations[o];
      return operation.is_convolution() || operation.kind == Kind::kMaxPool;
    });
    if (is_read) work->read_bytes += bytes_ * Values(source);
    if (node.place_in_output >= 0) work->read_bytes += bytes_ * Values(source);
    work->written_bytes += bytes_ * Values(source);
  }

  const CellPlan& plan_;
  const double bytes_;                     ///< bytes of one stored value
  const double term_values_;               ///< number of values of each term
  std::vector<std::vector<int>> targets_;  ///< for each operation: the node of each of its terms
};

}  // namespace

CellWork Count(const MixedCellArgs& cell, const std::vector<at::Tensor>& inputs) {
  // The plan needs the number of the coefficients, but not their values.
  int64_t num_coefficients = 0;
  for (const CellEdge& edge : cell.edges) {
    for (const CellOperation& operation : edge.operations) {
      num_coefficients = std::max(num_coefficients, operation.coefficient + 1);
    }
  }
  std::vector<at::Tensor> autograd_inputs;
  const CellPlan plan(cell, inputs, at::zeros({num_coefficients}), autograd_inputs);
  const Counter counter(plan, inputs[0].element_size());
  return {counter.Forward(), counter.Backward(/*of_weights=*/true),
          counter.Backward(/*of_weights=*/false)};
}

}  // namespace pdarts::nn
