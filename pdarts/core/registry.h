#ifndef PDARTS_CORE_REGISTRY_H_
#define PDARTS_CORE_REGISTRY_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"
#include "pdarts/core/plugin.h"

namespace pdarts {

/// The data of a registered plugin.
struct PluginInfo {
  std::string kind;         ///< "search space", "dataset", ...
  std::string short_name;   ///< "darts": unique within its kind, for the command line
  std::string description;  ///< one line
  const google::protobuf::Descriptor* config = nullptr;  ///< type of its config message
};

/// All plugins that are linked into this program. They are registered before main(), and later only
/// read.
class PluginRegistry {
 public:
  using Factory =
      std::function<absl::StatusOr<std::unique_ptr<Plugin>>(const google::protobuf::Message&)>;
  /// Sets defaults that the default of a field cannot express (a list of stages).
  using Completer = std::function<void(google::protobuf::Message*)>;

  static PluginRegistry& Global();

  /// Dies if the config type is already registered, or the short name within the kind.
  void Add(PluginInfo info, Factory factory, Completer completer);

  /// All plugins, sorted by kind, and then by short name.
  std::vector<PluginInfo> List() const;
  /// Sorted short names of a kind.
  std::vector<std::string> Names(absl::string_view kind) const;
  /// Sorted full names of all config types.
  std::vector<std::string> ConfigTypes() const;

  /// The plugin whose config type has this full name, or nullptr.
  const PluginInfo* FindByConfig(absl::string_view full_name) const;
  /// The plugin of a kind with this short name. \error kNotFound with the sorted known names.
  absl::StatusOr<PluginInfo> FindByName(absl::string_view kind, absl::string_view short_name) const;

  /// An empty config of the plugin with this short name. \error as FindByName.
  absl::StatusOr<google::protobuf::Any> DefaultConfig(absl::string_view kind,
                                                      absl::string_view short_name) const;

  /// Unpacks a config into a new message of its registered type. \error kNotFound if no plugin has
  /// this config type; kInvalidArgument if the bytes cannot be parsed.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> UnpackConfig(
      const google::protobuf::Any& config) const;

  /// Calls the completer of the config's plugin, if the plugin has a completer.
  void Complete(google::protobuf::Message* config) const;

  /// \error kInvalidArgument if the config belongs to another kind; errors of UnpackConfig and of
  /// the plugin's factory.
  absl::StatusOr<std::unique_ptr<Plugin>> Create(absl::string_view kind,
                                                 const google::protobuf::Any& config) const;

 private:
  struct Entry {
    PluginInfo info;
    Factory factory;
    Completer completer;
  };
  const Entry* Find(absl::string_view full_name) const;
  absl::Status UnknownConfig(absl::string_view full_name) const;

  std::vector<Entry> entries_;
};

/// The interface to the registry for one kind of plugin. `Interface::kKind` names the kind.
template <class Interface>
class Registry {
 public:
  /// \error as PluginRegistry::Create.
  static absl::StatusOr<std::unique_ptr<Interface>> Create(const google::protobuf::Any& config) {
    auto plugin = PluginRegistry::Global().Create(Interface::kKind, config);
    if (!plugin.ok()) return plugin.status();
    return std::unique_ptr<Interface>(static_cast<Interface*>(plugin->release()));
  }

  /// The plugin with this short name, with the defaults of all its settings. \error kNotFound with
  /// the known names; errors of Create.
  static absl::StatusOr<std::unique_ptr<Interface>> CreateDefault(absl::string_view short_name) {
    const auto config = PluginRegistry::Global().DefaultConfig(Interface::kKind, short_name);
    if (!config.ok()) return config.status();
    return Create(*config);
  }

  /// Registers a plugin: `factory` takes a `const Config&` and returns
  /// `absl::StatusOr<std::unique_ptr<Interface>>`; `complete` (optional) takes a `Config*`.
  template <class Config, class MakePlugin>
  static bool Register(absl::string_view short_name, absl::string_view description,
                       MakePlugin factory, std::function<void(Config*)> complete = nullptr) {
    PluginRegistry::Completer completer;
    if (complete) {
      completer = [complete](google::protobuf::Message* config) {
        complete(static_cast<Config*>(config));
      };
    }
    PluginRegistry::Global().Add(
        {std::string(Interface::kKind), std::string(short_name), std::string(description),
         Config::descriptor()},
        [factory](
            const google::protobuf::Message& config) -> absl::StatusOr<std::unique_ptr<Plugin>> {
          absl::StatusOr<std::unique_ptr<Interface>> plugin =
              factory(static_cast<const Config&>(config));
          if (!plugin.ok()) return plugin.status();
          return std::unique_ptr<Plugin>(std::move(*plugin));
        },
        std::move(completer));
    return true;
  }
};

/// The short name of the plugin of a config; the type of the config if the plugin is not known.
std::string PluginShortName(const google::protobuf::Any& config);

}  // namespace pdarts

#endif  // PDARTS_CORE_REGISTRY_H_
