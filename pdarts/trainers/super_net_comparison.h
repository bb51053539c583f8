#ifndef PDARTS_TRAINERS_SUPER_NET_COMPARISON_H_
#define PDARTS_TRAINERS_SUPER_NET_COMPARISON_H_

#include <string>

#include "ATen/core/Tensor.h"
#include "pdarts/trainers/super_net_gradients.h"

namespace pdarts {

/// Expects that two tensors of float64 differ by less than 1e-9, relative to the largest element of
/// `expected` if that is above 1. A failure names `what`.
void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, const std::string& what);

/// Expects that two networks have the same loss, logits and gradients for a request, and the same
/// buffers after the request, as close as ExpectClose says.
void ExpectSameGradients(SuperNet& actual, SuperNet& expected, const GradientRequest& request);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_SUPER_NET_COMPARISON_H_
