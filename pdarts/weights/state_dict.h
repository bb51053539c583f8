#ifndef PDARTS_WEIGHTS_STATE_DICT_H_
#define PDARTS_WEIGHTS_STATE_DICT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "pdarts/weights/restricted_unpickler.h"
#include "pdarts/weights/weights_file.h"

namespace pdarts {

/// The attribute of a state dict (an OrderedDict) that holds the metadata of its file, a dict of
/// texts. Python's torch keeps this attribute and ignores it.
constexpr char kMetadataAttribute[] = "metadata";

/// Finds the state dict, a dict of tensors, in a file that Python's torch.save wrote. The state
/// dict may be
/// - the whole pickle,
/// - the value of a name that training scripts use (`state_dict`, `model_state_dict`, `model`,
///   `net`, `network`, `state_dict_ema`, in this order of preference),
/// - or the only dict of tensors among the other entries.
/// Entries of the state dict that are not tensors are left out, with a note. Copies of the tensors
/// take at most `most_memory` bytes.
/// \error kInvalidArgument saying what the pickle holds if there is no state dict; kDataLoss if two
/// tensors have the same name; kResourceExhausted if the tensors share storages, so that copies of
/// the tensors would take more memory.
absl::StatusOr<WeightsFile> FindStateDict(const Pickle& pickle, uint64_t most_memory);

}  // namespace pdarts

#endif  // PDARTS_WEIGHTS_STATE_DICT_H_
