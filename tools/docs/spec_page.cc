#include "tools/docs/spec_page.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "pdarts/core/field_rules.pb.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/spec.h"
#include "pdarts/core/training.pb.h"

namespace pdarts {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr char kIntroduction[] = R"(# Every field of a spec

<!-- Written by `./bazelw run //tools/docs:write_spec_page` from the .proto files: change those. -->

A spec is a text file in protobuf's text format: `field: value`, and `field { ... }` for a message with
fields of its own. The spec of a search is an [`ExperimentSpec`](#experimentspec). The spec of a training
from scratch is a [`TrainSpec`](#trainspec). A plugin is named by the type of its config:

```textproto
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] { allow_none: false } }
```

`--set=PATH=VALUE` changes a field on the command line. A path joins the names of fields by dots:
`search.weights.momentum`. It steps into a plugin's config by the field alone (`space.allow_none`),
into lists by number from 0 (`schedule.stages[1].channels`), and into a list of plugins by a plugin's
short name too (`regularizers[skip_limit].max`). A list of single values is set as a whole by brackets
(`regularizers[skip_dropout].initial_rates=[0,0.4,0.7]`). An index that is equal to the length of a list
appends an element. An appended stage begins as a copy of the stage before it.

Ranges are written as in error messages: `[1, 8]` includes 1 and 8, `(0, 1)` excludes 0 and 1. A field
that is not set has its default. The `spec.textproto` of a run holds all fields.
)";

/// The kind of plugin in an Any field: "space" holds a "search space", and each element of
/// "evaluation_transforms" a "transform". Empty if no plugin of such a kind is registered.
std::string KindOf(const FieldDescriptor& field) {
  const absl::string_view name = absl::StripSuffix(field.name(), "s");
  for (const PluginInfo& plugin : PluginRegistry::Global().List()) {
    if (absl::EndsWith(plugin.kind, name) || absl::EndsWith(name, absl::StrCat("_", plugin.kind))) {
      return plugin.kind;
    }
  }
  return "";
}

std::string PluralOf(absl::string_view kind) {
  std::string plural = absl::StrCat(kind, "s");
  plural[0] = absl::ascii_toupper(static_cast<unsigned char>(plural[0]));
  return plural;
}

/// The anchor of a heading that consists of letters and spaces.
std::string Anchor(absl::string_view heading) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(heading), {{" ", "-"}});
}

std::string LinkTo(absl::string_view text, absl::string_view heading) {
  return absl::StrCat("[", text, "](#", Anchor(heading), ")");
}

std::vector<std::string> ValueNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    names.push_back(absl::StrCat("`", type.value(i)->name(), "`"));
  }
  return names;
}

std::string ElementType(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "integer";
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "`true` or `false`";
    case FieldDescriptor::CPPTYPE_STRING:
      return "text";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrJoin(ValueNames(*field.enum_type()), " or ");
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  if (field.message_type() != google::protobuf::Any::descriptor()) {
    return LinkTo(field.message_type()->name(), field.message_type()->name());
  }
  const std::string kind = KindOf(field);
  return kind.empty() ? "plugin" : LinkTo(kind, PluralOf(kind));
}

std::string DefaultOf(const FieldDescriptor& field) {
  const FieldRules& rules = field.options().GetExtension(pdarts::rules);
  if (rules.required()) return "must be set";
  if (field.is_repeated()) return rules.min_items() > 0 ? "must be set" : "empty";
  if (rules.optional_message()) return "unset";
  if (!field.has_default_value()) return field.message_type() == nullptr ? "unset" : "";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat("`", field.default_value_int32(), "`");
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat("`", field.default_value_int64(), "`");
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat("`", field.default_value_uint32(), "`");
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat("`", field.default_value_uint64(), "`");
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat("`", field.default_value_double(), "`");
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat("`", field.default_value_float(), "`");
    case FieldDescriptor::CPPTYPE_BOOL:
      return field.default_value_bool() ? "`true`" : "`false`";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("`", field.default_value_enum()->name(), "`");
    case FieldDescriptor::CPPTYPE_STRING:
      return absl::StrCat("`\"", field.default_value_string(), "\"`");
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

/// "[0, 1), 1 to 64 elements"; empty if the field has no limits.
std::string RangeCell(const FieldDescriptor& field) {
  const FieldRules& rules = field.options().GetExtension(pdarts::rules);
  std::vector<std::string> parts;
  if (rules.has_min() || rules.has_max()) {
    parts.push_back(absl::StrCat("`", FieldRange(field), "`"));
  }
  if (rules.has_min_items() && rules.has_max_items()) {
    parts.push_back(absl::StrCat(rules.min_items(), " to ", rules.max_items(), " elements"));
  } else if (rules.has_max_items()) {
    parts.push_back(absl::StrCat("at most ", rules.max_items(), " elements"));
  } else if (rules.has_min_items()) {
    parts.push_back(absl::StrCat("at least ", rules.min_items(), " elements"));
  }
  return absl::StrJoin(parts, ", ");
}

std::string CommentOf(const google::protobuf::SourceLocation& location) {
  std::vector<std::string> lines;
  for (const std::string& comment : {location.leading_comments, location.trailing_comments}) {
    for (absl::string_view line : absl::StrSplit(comment, '\n', absl::SkipWhitespace())) {
      lines.emplace_back(absl::StripAsciiWhitespace(line));
    }
  }
  return absl::StrJoin(lines, "\n");
}

/// The values of the enums of a message's fields, if they have comments.
std::string EnumNotes(const Descriptor& message, const ProtoComments& comments) {
  std::string notes;
  for (int i = 0; i < message.field_count(); ++i) {
    const EnumDescriptor* type = message.field(i)->enum_type();
    for (int k = 0; type != nullptr && k < type->value_count(); ++k) {
      const std::string comment = comments.Of(*type->value(k));
      if (comment.empty()) continue;
      absl::StrAppend(&notes, "- `", message.field(i)->name(), ": ", type->value(k)->name(),
                      "`: ", CommentAsMarkdown(comment), "\n");
    }
  }
  return notes.empty() ? "" : absl::StrCat("\n", notes);
}

/// The text below the heading of a message: its comment, its table, and its enum values with
/// comments.
std::string MessageBody(const Descriptor& message, const ProtoComments& comments) {
  std::string body;
  if (const std::string comment = comments.Of(message); !comment.empty()) {
    absl::StrAppend(&body, "\n", CommentAsMarkdown(comment), "\n");
  }
  if (message.field_count() == 0) return body;
  return absl::StrCat(body, "\n", FieldTable(message, comments), EnumNotes(message, comments));
}

/// The messages below a root message, in the order of their fields. Each message occurs once, with
/// the paths that lead to it.
struct Settings {
  std::vector<const Descriptor*> messages;
  std::map<const Descriptor*, std::vector<std::string>> paths;

  void AddFieldsOf(const Descriptor& message, const std::string& path) {
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const Descriptor* type = field.message_type();
      if (type == nullptr || type == google::protobuf::Any::descriptor()) continue;
      const std::string here = absl::StrCat(path, path.empty() ? "" : ".", field.name(),
                                            field.is_repeated() ? "[N]" : "");
      if (paths.find(type) == paths.end()) messages.push_back(type);
      paths[type].push_back(here);
      AddFieldsOf(*type, here);
    }
  }

  std::string Sections(absl::string_view level, const ProtoComments& comments) const {
    std::string sections;
    for (const Descriptor* message : messages) {
      absl::StrAppend(&sections, "\n", level, " ", message->name(), "\n\nAt `",
                      absl::StrJoin(paths.at(message), "`, `"), "`.\n",
                      MessageBody(*message, comments));
    }
    return sections;
  }
};

/// The config as the plugin completes it, if the plugin sets more than the defaults of single
/// fields.
std::string FilledInConfig(const PluginInfo& plugin) {
  const auto any = PluginRegistry::Global().DefaultConfig(plugin.kind, plugin.short_name);
  if (!any.ok()) return "";
  const auto config = PluginRegistry::Global().UnpackConfig(*any);
  if (!config.ok()) return "";
  PluginRegistry::Global().Complete(config->get());
  if ((*config)->ByteSizeLong() == 0 || !CompleteSpec(config->get()).ok()) return "";
  return absl::StrCat("\nWith nothing set it is\n\n```textproto\n", PrintSpec(**config), "```\n");
}

std::string PluginSection(const PluginInfo& plugin, const ProtoComments& comments) {
  const Descriptor& config = *plugin.config;
  const std::string& file = config.file()->name();
  std::string section = absl::StrCat(
      "\n### ", plugin.kind, " ", plugin.short_name, "\n\n`", config.full_name(),
      "`: ", CommentAsMarkdown(plugin.description), ". ", "[More](../",
      file.substr(0, file.rfind('/')), "/README.md).\n", MessageBody(config, comments));
  Settings nested;
  nested.AddFieldsOf(config, "");
  return absl::StrCat(section, nested.Sections("####", comments), FilledInConfig(plugin));
}

}  // namespace

absl::Status ProtoComments::Read(const std::string& descriptor_set) {
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromString(descriptor_set)) {
    return absl::InvalidArgumentError("not a FileDescriptorSet");
  }
  for (const auto& file : files.file()) {  // a file comes after the files that it imports
    if (pool_.BuildFile(file) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(file.name(), ": cannot be used"));
    }
  }
  return absl::OkStatus();
}

std::string ProtoComments::Of(const Descriptor& message) const {
  google::protobuf::SourceLocation location;
  const Descriptor* found = pool_.FindMessageTypeByName(message.full_name());
  return found != nullptr && found->GetSourceLocation(&location) ? CommentOf(location) : "";
}

std::string ProtoComments::Of(const FieldDescriptor& field) const {
  google::protobuf::SourceLocation location;
  const FieldDescriptor* found = pool_.FindFieldByName(field.full_name());
  return found != nullptr && found->GetSourceLocation(&location) ? CommentOf(location) : "";
}

std::string ProtoComments::Of(const google::protobuf::EnumValueDescriptor& value) const {
  google::protobuf::SourceLocation location;
  const auto* found = pool_.FindEnumValueByName(value.full_name());
  return found != nullptr && found->GetSourceLocation(&location) ? CommentOf(location) : "";
}

std::string CommentAsMarkdown(absl::string_view comment) {
  std::string markdown;
  bool in_code = false;
  for (const char c : comment) {
    if (c == '`') in_code = !in_code;
    const bool markup = absl::StrContains("<>*[]", absl::string_view(&c, 1));
    if (c == '|' || (markup && !in_code)) markdown += '\\';
    markdown += c == '\n' ? ' ' : c;
  }
  return markdown;
}

std::string FieldTable(const Descriptor& message, const ProtoComments& comments) {
  std::string table = "| field | type | default | range | meaning |\n|---|---|---|---|---|\n";
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    absl::StrAppend(&table, "| `", field.name(), "` | ", field.is_repeated() ? "list of " : "",
                    ElementType(field), " | ", DefaultOf(field), " | ", RangeCell(field), " | ",
                    CommentAsMarkdown(comments.Of(field)), " |\n");
  }
  return table;
}

std::string SpecPage(const ProtoComments& comments) {
  std::string page = kIntroduction;
  Settings settings;
  for (const Descriptor* root : {ExperimentSpec::descriptor(), TrainSpec::descriptor()}) {
    absl::StrAppend(&page, "\n## ", root->name(), "\n", MessageBody(*root, comments));
    settings.AddFieldsOf(*root, "");
  }
  absl::StrAppend(&page, "\n## Settings of a search and of a training\n",
                  settings.Sections("###", comments));
  std::string kind;
  for (const PluginInfo& plugin : PluginRegistry::Global().List()) {
    if (plugin.kind != kind) {
      kind = plugin.kind;
      absl::StrAppend(&page, "\n## ", PluralOf(kind), "\n");
    }
    absl::StrAppend(&page, PluginSection(plugin, comments));
  }
  return page;
}

}  // namespace pdarts
