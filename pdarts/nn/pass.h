#ifndef PDARTS_NN_PASS_H_
#define PDARTS_NN_PASS_H_

#include "ATen/core/Generator.h"

namespace pdarts::nn {

/// What a pass through a network is beyond its input and the modules' mode. It is handed from layer
/// to layer, so that no layer has hidden state.
struct Pass {
  /// Whether batch normalisations in training mode move their running statistics.
  bool update_statistics = true;
  /// Probability with which an element of an identity's output is dropped in training (ALGORITHM 2,
  /// skip dropout).
  double skip_dropout = 0;
  /// Probability with which an operation's output is dropped for a sample in training (ALGORITHM 4,
  /// drop path).
  double drop_path = 0;
  /// Probability with which an edge of a search network is dropped for a sample in training, all
  /// its operations together.
  double edge_drop_path = 0;
  /// Where masks and noise come from; needed only where something is dropped.
  at::Generator generator;
};

}  // namespace pdarts::nn

#endif  // PDARTS_NN_PASS_H_
