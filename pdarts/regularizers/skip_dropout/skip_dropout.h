#ifndef PDARTS_REGULARIZERS_SKIP_DROPOUT_SKIP_DROPOUT_H_
#define PDARTS_REGULARIZERS_SKIP_DROPOUT_SKIP_DROPOUT_H_

namespace pdarts::regularizers {

/// The dropout rate in `epoch` (from 0) of a stage of `epochs` epochs, of which the first
/// `warmup_epochs` train only weights. The rate decreases linearly in the warm-up, returns to the
/// initial rate, and then decreases exponentially (docs/algorithm.md, "Skip dropout").
double SkipDropoutRate(double initial_rate, int epoch, int epochs, int warmup_epochs, double decay);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_SKIP_DROPOUT_SKIP_DROPOUT_H_
