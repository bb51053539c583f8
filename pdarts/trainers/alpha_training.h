#ifndef PDARTS_TRAINERS_ALPHA_TRAINING_H_
#define PDARTS_TRAINERS_ALPHA_TRAINING_H_

#include <optional>
#include <string>
#include <vector>

#include "pdarts/core/experiment.h"
#include "pdarts/trainers/training_halves.h"

namespace pdarts {

/// Steps of each epoch: the number of batches of the half of the weights.
int StepsPerEpoch(const TrainingHalves& halves, const SearchSettings& settings);

/// Notes on a stage whose probabilities are not a result of training. There are three cases:
/// - The alphas, or those of one cell kind, are not trained.
/// - They get too few steps to leave their random initial values: steps times learning rate are
///   less than 10 times the standard deviation of the initial values.
/// - Every edge of the stage has only one candidate.
/// Each note is a sentence without a period, and names the stage. There is no note for a stage that
/// trains all its alphas and has something to choose. stage: from 0. steps: of each epoch, as
/// StepsPerEpoch; nullopt if the number of images is not known. Then the notes do not find too few
/// steps.
std::vector<std::string> AlphaTrainingNotes(const Experiment& experiment, int stage,
                                            std::optional<int> steps);

}  // namespace pdarts

#endif  // PDARTS_TRAINERS_ALPHA_TRAINING_H_
