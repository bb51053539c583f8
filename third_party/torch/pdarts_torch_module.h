// What precompiled.bzl compiles once.
#include "torch/nn/module.h"
#include "torch/csrc/autograd/autograd.h"
