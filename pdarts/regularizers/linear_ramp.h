#ifndef PDARTS_REGULARIZERS_LINEAR_RAMP_H_
#define PDARTS_REGULARIZERS_LINEAR_RAMP_H_

#include "pdarts/core/schedule.h"

namespace pdarts::regularizers {

/// The value in `epoch` of a number that changes in equal steps from `first` in epoch `begin` to
/// `last` in epoch `end` - 1. Before `begin`, the value is `first`. From `end` - 1 on, the value is
/// `last`. If there is only one epoch, the value is `last`.
double LinearRamp(double first, double last, int epoch, int begin, int end);

/// LinearRamp over the epochs of a stage that train alphas.
double AlphaEpochsRamp(double first, double last, int epoch, const StageShape& stage);

}  // namespace pdarts::regularizers

#endif  // PDARTS_REGULARIZERS_LINEAR_RAMP_H_
