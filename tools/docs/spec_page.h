#ifndef TOOLS_DOCS_SPEC_PAGE_H_
#define TOOLS_DOCS_SPEC_PAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace pdarts {

/// The comments of .proto files. Programs do not contain comments, so they are read from a
/// FileDescriptorSet that protoc wrote with --include_source_info.
class ProtoComments {
 public:
  /// \error kInvalidArgument if the bytes are not a FileDescriptorSet, or if its files do not fit
  /// together.
  absl::Status Read(const std::string& descriptor_set);

  /// The comments before and after the declaration of a message, a field or an enum value, joined
  /// to lines of text. Empty if there is no comment.
  std::string Of(const google::protobuf::Descriptor& message) const;
  std::string Of(const google::protobuf::FieldDescriptor& field) const;
  std::string Of(const google::protobuf::EnumValueDescriptor& value) const;

 private:
  google::protobuf::DescriptorPool pool_;
};

/// Converts a comment to a paragraph of Markdown. Characters that would be markup are escaped,
/// except those of `code`.
std::string CommentAsMarkdown(absl::string_view comment);

/// The table of the fields of a message, in Markdown.
std::string FieldTable(const google::protobuf::Descriptor& message, const ProtoComments& comments);

/// The content of docs/spec.md: both kinds of specs, and the config of every plugin in the program.
std::string SpecPage(const ProtoComments& comments);

}  // namespace pdarts

#endif  // TOOLS_DOCS_SPEC_PAGE_H_
