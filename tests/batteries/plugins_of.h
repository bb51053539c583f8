#ifndef TESTS_BATTERIES_PLUGINS_OF_H_
#define TESTS_BATTERIES_PLUGINS_OF_H_

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"
#include "pdarts/core/registry.h"

namespace pdarts {

/// Values for a parameterised battery: the short names of all plugins of a kind in this program.
template <class Interface>
auto PluginsOf() {
  return ::testing::ValuesIn(PluginRegistry::Global().Names(Interface::kKind));
}

inline std::string PluginTestName(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

/// The plugin with its default config.
template <class Interface>
std::unique_ptr<Interface> MakeDefault(const std::string& short_name) {
  const PluginInfo info = PluginRegistry::Global().FindByName(Interface::kKind, short_name).value();
  google::protobuf::Any config;
  config.set_type_url(absl::StrCat("type.googleapis.com/", info.config->full_name()));
  return Registry<Interface>::Create(config).value();
}

}  // namespace pdarts

#endif  // TESTS_BATTERIES_PLUGINS_OF_H_
