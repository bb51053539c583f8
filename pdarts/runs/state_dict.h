#ifndef PDARTS_RUNS_STATE_DICT_H_
#define PDARTS_RUNS_STATE_DICT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "pdarts/runs/restricted_unpickler.h"
#include "pdarts/runs/weights_file.h"

namespace pdarts {

/// The attribute of a state dict, an OrderedDict, that holds the metadata of its file: a dict of
/// texts. Python's torch keeps and ignores it.
constexpr char kMetadataAttribute[] = "metadata";

/// Finds the state dict of a checkpoint that Python's torch.save wrote: a dict of tensors. It may
/// be the whole pickle, or lie under one of the names that training scripts use (`state_dict`,
/// `model_state_dict`, `model`, `net`, `network`, `state_dict_ema`, in this order of preference),
/// or be the only dict of tensors among the other entries. Entries of the state dict that are no
/// tensors are left out, with a note. Copies of the tensors take `most_memory` bytes at most.
/// \error kInvalidArgument saying what the pickle holds if there is no state dict; kDataLoss if two
/// tensors have the same name; kResourceExhausted if the tensors share storages and copies of them
/// would take more memory.
absl::StatusOr<WeightsFile> FindStateDict(const Pickle& pickle, uint64_t most_memory);

}  // namespace pdarts

#endif  // PDARTS_RUNS_STATE_DICT_H_
