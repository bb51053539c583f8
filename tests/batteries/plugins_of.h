#ifndef TESTS_BATTERIES_PLUGINS_OF_H_
#define TESTS_BATTERIES_PLUGINS_OF_H_

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "pdarts/core/registry.h"

namespace pdarts {

/// Values for a parameterized battery: the short names of all plugins of a kind in this program. A
/// battery without plugins fails, because GoogleTest requires that every parameterized test runs.
template <class Interface>
auto PluginsOf() {
  return ::testing::ValuesIn(PluginRegistry::Global().Names(Interface::kKind));
}

inline std::string PluginTestName(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

/// Makes the plugin with its default config.
template <class Interface>
std::unique_ptr<Interface> MakeDefault(const std::string& short_name) {
  auto plugin = Registry<Interface>::CreateDefault(short_name);
  EXPECT_TRUE(plugin.ok()) << short_name << " with default settings: " << plugin.status();
  return std::move(plugin).value();
}

}  // namespace pdarts

#endif  // TESTS_BATTERIES_PLUGINS_OF_H_
