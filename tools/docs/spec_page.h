#ifndef TOOLS_DOCS_SPEC_PAGE_H_
#define TOOLS_DOCS_SPEC_PAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace pdarts {

/// The comments of .proto files, which programs don't hold: they come from a FileDescriptorSet that
/// protoc wrote with --include_source_info.
class ProtoComments {
 public:
  /// \error kInvalidArgument if the bytes aren't a FileDescriptorSet, or one of its files doesn't
  /// fit the others.
  absl::Status Read(const std::string& descriptor_set);

  /// What stands above a declaration or behind it, joined to lines of text: a message, a field or
  /// an enum's value. Empty where nothing does.
  std::string Of(const google::protobuf::Descriptor& message) const;
  std::string Of(const google::protobuf::FieldDescriptor& field) const;
  std::string Of(const google::protobuf::EnumValueDescriptor& value) const;

 private:
  google::protobuf::DescriptorPool pool_;
};

/// A comment as a paragraph of Markdown: what Markdown would take for markup is shielded, except
/// `code`.
std::string CommentAsMarkdown(absl::string_view comment);

/// The table of a message's fields in Markdown.
std::string FieldTable(const google::protobuf::Descriptor& message, const ProtoComments& comments);

/// docs/spec.md: both kinds of spec, and the config of every plugin that the program is linked
/// with.
std::string SpecPage(const ProtoComments& comments);

}  // namespace pdarts

#endif  // TOOLS_DOCS_SPEC_PAGE_H_
