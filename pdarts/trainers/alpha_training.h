#ifndef PDARTS_TRAINERS_ALPHA_TRAINING_H_
#define PDARTS_TRAINERS_ALPHA_TRAINING_H_

#include <optional>
#include <string>
#include <vector>

#include "pdarts/core/experiment.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {

/// Steps of each epoch: the batches of the half that trains the weights.
int StepsPerEpoch(const TrainingHalves& halves, const SearchSettings& settings);

/// Notes on a stage whose probabilities are no result of training, because its alphas, or those of
/// one cell kind, get no step, or too few to leave their random start behind: when steps times
/// learning rate are less than 10 times the standard deviation of that start; and on a stage in
/// which every edge has one candidate only. Each is a sentence without a period, and names the
/// stage. Empty for a stage that trains all its alphas and has something to choose.
/// stage: from 0. steps: of each epoch, as StepsPerEpoch; nullopt where the number of images is not
/// known, and then too few steps are not noticed.
std::vector<std::string> AlphaTrainingNotes(const Experiment& experiment, int stage,
                                            std::optional<int> steps);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_ALPHA_TRAINING_H_
