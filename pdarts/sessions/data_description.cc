#include "pdarts/sessions/data_description.h"

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/base/text.h"

namespace pdarts {

DataDescription DescribeData(const absl::StatusOr<DatasetSplits>& data) {
  DataDescription description;
  if (!data.ok()) {
    description.set_problem(std::string(data.status().message()));
    return description;
  }
  description.set_source(data->source);
  for (const std::string& name : data->info.class_names) description.add_class_names(name);
  description.set_train_images(static_cast<double>(data->train->size()));
  description.set_test_images(static_cast<double>(data->test->size()));
  return description;
}

void PrintData(const DataDescription& data, std::ostream& out) {
  if (data.has_problem()) {
    out << "data: not read, because of this: " << TerminalSafe(data.problem()) << "\n";
    return;
  }
  const std::vector<std::string> names(data.class_names().begin(), data.class_names().end());
  out << TerminalSafe(absl::StrFormat("data: %s, %d training and %d test images of %d classes (%s)",
                                      data.source(), static_cast<int64_t>(data.train_images()),
                                      static_cast<int64_t>(data.test_images()), names.size(),
                                      SomeOf(names)))
      << "\n";
}

}  // namespace pdarts
