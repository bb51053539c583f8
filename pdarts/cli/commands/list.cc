#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/cli/session_flags.h"
#include "pdarts/core/registry.h"
#include "pdarts/runs/run.pb.h"

namespace pdarts {
namespace {

absl::Status List(const std::vector<std::string>&) {
  PluginList list;
  for (const PluginInfo& info : PluginRegistry::Global().List()) {
    PluginListEntry* entry = list.add_plugins();
    entry->set_kind(info.kind);
    entry->set_name(info.short_name);
    entry->set_config(info.config->full_name());
    entry->set_description(info.description);
  }
  if (PrintedAsJson(list)) return absl::OkStatus();
  std::string kind;
  for (const PluginListEntry& entry : list.plugins()) {
    if (entry.kind() != kind) std::cout << entry.kind() << "\n";
    kind = entry.kind();
    std::cout << absl::StrFormat("  %-16s %s\n  %-16s [%s]\n", entry.name(), entry.description(),
                                 "", entry.config());
  }
  return absl::OkStatus();
}

}  // namespace

Command ListCommand() {
  return {"list",
          "",
          "list the plugins in this program, with their config types",
          {"json"},
          &List,
          /*takes_arguments=*/false,
          {{"", "for people"}, {"--json", "for a script"}}};
}

}  // namespace pdarts
