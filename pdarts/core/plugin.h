#ifndef PDARTS_CORE_PLUGIN_H_
#define PDARTS_CORE_PLUGIN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// What the registry makes: the base of SearchSpace, Dataset, Transform, ProgressiveSchedule,
/// Regularizer and Benchmark.
class Plugin {
 public:
  virtual ~Plugin() = default;

  /// The kind and the short name that the registry knows, for errors: "schedule pdarts".
  /// "unregistered plugin" if the registry did not make it.
  const std::string& title() const { return title_; }

 protected:
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  /// kInternal: this plugin broke the contract of its interface. `what` continues the sentence
  /// "the schedule pdarts ...".
  absl::Status Fault(absl::string_view what) const {
    return absl::InternalError(absl::StrCat("the ", title_, " ", what));
  }

 private:
  friend class PluginRegistry;  // sets the title

  std::string title_ = "unregistered plugin";
};

}  // namespace pdarts

#endif  // PDARTS_CORE_PLUGIN_H_
