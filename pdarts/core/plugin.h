#ifndef PDARTS_CORE_PLUGIN_H_
#define PDARTS_CORE_PLUGIN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace pdarts {

/// The base of everything that the registry makes: SearchSpace, Dataset, Transform,
/// ProgressiveSchedule, Regularizer and Benchmark.
class Plugin {
 public:
  virtual ~Plugin() = default;

  /// The kind and the short name in the registry, for errors: "schedule pdarts". The registry sets
  /// the title after the factory of the plugin has returned. Before that, and in an object that the
  /// registry did not make, the title is "unregistered plugin".
  const std::string& title() const { return title_; }

 protected:
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  /// An error of kind kInternal: this plugin broke the contract of its interface. `what` continues
  /// the sentence "the schedule pdarts ...".
  absl::Status Fault(absl::string_view what) const {
    return absl::InternalError(absl::StrCat("the ", title_, " ", what));
  }

 private:
  friend class PluginRegistry;  // sets the title

  std::string title_ = "unregistered plugin";
};

}  // namespace pdarts

#endif  // PDARTS_CORE_PLUGIN_H_
