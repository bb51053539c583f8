// What precompiled.bzl compiles once for sources that include headers of tensors or operators.
// Clang gets nothing of it, so that a build with clang finds an include that a source forgot.
#ifndef __clang__

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/core/Generator.h"
#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/zeros.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "glog/logging.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/generated_message_reflection.h"
#include "google/protobuf/text_format.h"

#endif  // __clang__
