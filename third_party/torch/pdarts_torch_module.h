// What precompiled.bzl compiles once for sources that include "torch/nn/module.h".
#include "torch/nn/module.h"
#include "torch/csrc/autograd/autograd.h"
// Not before the others: GCC would look for what it made of this header alone.
#include "pdarts_torch_tensor.h"
