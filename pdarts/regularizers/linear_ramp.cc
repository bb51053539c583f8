#include "pdarts/regularizers/linear_ramp.h"

namespace pdarts::regularizers {

double LinearRamp(double first, double last, int epoch, int begin, int end) {
  if (epoch >= end - 1) return last;
  if (epoch <= begin) return first;
  return first + (last - first) * (epoch - begin) / (end - 1 - begin);
}

double AlphaEpochsRamp(double first, double last, int epoch, const StageShape& stage) {
  return LinearRamp(first, last, epoch, stage.warmup_epochs, stage.epochs);
}

}  // namespace pdarts::regularizers
