#ifndef PDARTS_TRAINERS_PRECISION_H_
#define PDARTS_TRAINERS_PRECISION_H_

#include "c10/core/ScalarType.h"
#include "pdarts/core/experiment.pb.h"

namespace pdarts {

/// The type of weights and of all that is computed with them.
inline at::ScalarType ScalarTypeOf(Precision precision) {
  return precision == FLOAT64 ? at::kDouble : at::kFloat;
}

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_PRECISION_H_
