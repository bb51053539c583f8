#ifndef PDARTS_REGULARIZERS_SKIP_DROPOUT_SKIP_DROPOUT_H_
#define PDARTS_REGULARIZERS_SKIP_DROPOUT_SKIP_DROPOUT_H_

namespace pdarts::regularizers {

/// The dropout rate in `epoch` (from 0) of a stage of `epochs`, of which the first `warmup_epochs`
/// train weights only: falls linearly while warming up, jumps back to the initial rate, then falls
/// exponentially (docs/algorithm.md, "Skip dropout").
double SkipDropoutRate(double initial_rate, int epoch, int epochs, int warmup_epochs, double decay);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_SKIP_DROPOUT_SKIP_DROPOUT_H_
