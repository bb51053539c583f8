#include "pdarts/core/registry.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

std::string FullName(const google::protobuf::Any& config) {
  const std::string& url = config.type_url();
  return url.substr(url.rfind('/') + 1);
}

}  // namespace

PluginRegistry& PluginRegistry::Global() {
  static auto* registry = new PluginRegistry;
  return *registry;
}

void PluginRegistry::Add(PluginInfo info, Factory factory, Completer completer) {
  for (const Entry& entry : entries_) {
    CHECK(entry.info.config->full_name() != info.config->full_name())
        << "two plugins have the config " << info.config->full_name();
    CHECK(entry.info.kind != info.kind || entry.info.short_name != info.short_name)
        << "two plugins of the kind " << info.kind << " are called " << info.short_name;
  }
  entries_.push_back({std::move(info), std::move(factory), std::move(completer)});
}

std::vector<PluginInfo> PluginRegistry::List() const {
  std::vector<PluginInfo> infos;
  for (const Entry& entry : entries_) infos.push_back(entry.info);
  std::sort(infos.begin(), infos.end(), [](const PluginInfo& a, const PluginInfo& b) {
    return std::tie(a.kind, a.short_name) < std::tie(b.kind, b.short_name);
  });
  return infos;
}

std::vector<std::string> PluginRegistry::Names(absl::string_view kind) const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    if (entry.info.kind == kind) names.push_back(entry.info.short_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> PluginRegistry::ConfigTypes() const {
  std::vector<std::string> types;
  for (const Entry& entry : entries_) types.push_back(entry.info.config->full_name());
  std::sort(types.begin(), types.end());
  return types;
}

const PluginRegistry::Entry* PluginRegistry::Find(absl::string_view full_name) const {
  for (const Entry& entry : entries_) {
    if (entry.info.config->full_name() == full_name) return &entry;
  }
  return nullptr;
}

const PluginInfo* PluginRegistry::FindByConfig(absl::string_view full_name) const {
  const Entry* entry = Find(full_name);
  return entry == nullptr ? nullptr : &entry->info;
}

absl::StatusOr<PluginInfo> PluginRegistry::FindByName(absl::string_view kind,
                                                      absl::string_view short_name) const {
  for (const Entry& entry : entries_) {
    if (entry.info.kind == kind && entry.info.short_name == short_name) return entry.info;
  }
  return absl::NotFoundError(absl::StrCat("unknown ", kind, " \"", short_name,
                                          "\"; known: ", absl::StrJoin(Names(kind), ", ")));
}

absl::Status PluginRegistry::UnknownConfig(absl::string_view full_name) const {
  return absl::NotFoundError(absl::StrCat("unknown plugin type \"", full_name,
                                          "\"; known: ", absl::StrJoin(ConfigTypes(), ", ")));
}

absl::StatusOr<google::protobuf::Any> PluginRegistry::DefaultConfig(
    absl::string_view kind, absl::string_view short_name) const {
  const absl::StatusOr<PluginInfo> info = FindByName(kind, short_name);
  if (!info.ok()) return info.status();
  google::protobuf::Any config;
  config.set_type_url(absl::StrCat("type.googleapis.com/", info->config->full_name()));
  return config;
}

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> PluginRegistry::UnpackConfig(
    const google::protobuf::Any& config) const {
  const Entry* entry = Find(FullName(config));
  if (entry == nullptr) return UnknownConfig(FullName(config));
  std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(entry->info.config)
          ->New());
  if (!message->ParseFromString(config.value())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the bytes of the ", FullName(config), " do not parse"));
  }
  return message;
}

void PluginRegistry::Complete(google::protobuf::Message* config) const {
  const Entry* entry = Find(config->GetDescriptor()->full_name());
  if (entry != nullptr && entry->completer) entry->completer(config);
}

absl::StatusOr<std::unique_ptr<Plugin>> PluginRegistry::Create(
    absl::string_view kind, const google::protobuf::Any& config) const {
  const Entry* entry = Find(FullName(config));
  if (entry == nullptr) return UnknownConfig(FullName(config));
  if (entry->info.kind != kind) {
    return absl::InvalidArgumentError(
        absl::StrCat(FullName(config), " is a ", entry->info.kind, ", expected a ", kind,
                     " (known: ", absl::StrJoin(Names(kind), ", "), ")"));
  }
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<google::protobuf::Message> message, UnpackConfig(config));
  PDARTS_ASSIGN_OR_RETURN(std::unique_ptr<Plugin> plugin, entry->factory(*message));
  if (plugin == nullptr) {
    return absl::InternalError(
        absl::StrCat("the factory of the ", kind, " ", entry->info.short_name, " made nothing"));
  }
  plugin->title_ = absl::StrCat(kind, " ", entry->info.short_name);
  return plugin;
}

std::string PluginShortName(const google::protobuf::Any& config) {
  const PluginInfo* info = PluginRegistry::Global().FindByConfig(FullName(config));
  return info == nullptr ? config.type_url() : info->short_name;
}

}  // namespace pdarts
