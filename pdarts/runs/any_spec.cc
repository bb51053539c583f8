#include "pdarts/runs/any_spec.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/experiment.pb.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.pb.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {

using google::protobuf::Message;

bool IsTraining(const Message& spec) { return spec.GetDescriptor() == TrainSpec::descriptor(); }

std::vector<std::string> GridOf(const Message& spec) {
  const auto& grid = IsTraining(spec) ? static_cast<const TrainSpec&>(spec).grid()
                                      : static_cast<const ExperimentSpec&>(spec).grid();
  return {grid.begin(), grid.end()};
}

void SetGrid(const std::vector<std::string>& settings, Message* spec) {
  auto* grid = IsTraining(*spec) ? static_cast<TrainSpec*>(spec)->mutable_grid()
                                 : static_cast<ExperimentSpec*>(spec)->mutable_grid();
  grid->Clear();
  for (const std::string& setting : settings) *grid->Add() = setting;
}

absl::StatusOr<std::unique_ptr<Message>> ParseAnySpec(absl::string_view text,
                                                      absl::string_view file) {
  auto search = std::make_unique<ExperimentSpec>();
  const absl::Status of_search = ParseSpecInto(text, file, search.get());
  if (of_search.ok()) return search;
  auto training = std::make_unique<TrainSpec>();
  const absl::Status of_training = ParseSpecInto(text, file, training.get());
  if (of_training.ok()) return training;
  if (of_search == of_training) return of_search;
  return absl::Status(of_search.code(),
                      absl::StrCat(of_search.message(), " (as the spec of a search); ",
                                   of_training.message(), " (as the spec of a training)"));
}

absl::StatusOr<std::unique_ptr<Message>> ReadAnySpecFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFileOrPipe(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat("cannot read the spec ", path));
  }
  if (!text.ok()) return Annotate(text.status(), "the spec");
  return ParseAnySpec(*text, path);
}

absl::StatusOr<std::unique_ptr<Message>> ReadAnyRunSpec(const std::string& run) {
  const std::string file = RunSpecFile(run);
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) {
    // This error has the same words for every command that gets a folder without a run.
    return ReadRunSpec(run).status();
  }
  PDARTS_RETURN_IF_ERROR(text.status());
  return ParseAnySpec(*text, file);
}

}  // namespace pdarts
