#ifndef PDARTS_CORE_PLUGIN_H_
#define PDARTS_CORE_PLUGIN_H_

namespace pdarts {

/// What the registry makes: the base of SearchSpace, Dataset, ProgressiveSchedule and Regularizer.
class Plugin {
 public:
  virtual ~Plugin() = default;

 protected:
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_PLUGIN_H_
