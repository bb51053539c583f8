#ifndef PDARTS_CORE_FIELD_PLUGIN_H_
#define PDARTS_CORE_FIELD_PLUGIN_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/any.pb.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/registry.h"

namespace pdarts {

/// The plugin of a spec's field, such as `space`. \error as Registry::Create; the message names the
/// field.
template <class Interface>
absl::StatusOr<std::unique_ptr<Interface>> CreateFieldPlugin(absl::string_view field,
                                                             const google::protobuf::Any& config) {
  auto plugin = Registry<Interface>::Create(config);
  if (!plugin.ok()) return Annotate(plugin.status(), field);
  return plugin;
}

}  // namespace pdarts

#endif  // PDARTS_CORE_FIELD_PLUGIN_H_
