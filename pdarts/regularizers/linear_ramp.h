#ifndef PDARTS_REGULARIZERS_LINEAR_RAMP_H_
#define PDARTS_REGULARIZERS_LINEAR_RAMP_H_

#include "pdarts/core/schedule.h"

namespace pdarts::regularizers {

/// The value in `epoch` of what goes in equal steps from `first`, in epoch `begin`, to `last`, in
/// epoch `end` - 1. Before and after, it is what it is there; if there is but one epoch, `last`.
double LinearRamp(double first, double last, int epoch, int begin, int end);

/// LinearRamp over those epochs of a stage that train alphas.
double AlphaEpochsRamp(double first, double last, int epoch, const StageShape& stage);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_LINEAR_RAMP_H_
