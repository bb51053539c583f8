#include "pdarts/runs/provenance.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace pdarts {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// The fields that influence the last bits of a run. `version` is not among them, because `commit`
/// is more exact. The place of the data is not among them, because it has no influence.
std::vector<std::string> DecidingFields() {
  return {"processes", "threads", "kernels", "device", "libtorch", "commit", "cpu", "gpu"};
}

std::string FieldText(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, field, -1, &text);
  return text;
}

void CopyTexts(const Message& from, const FieldDescriptor& source, const FieldDescriptor& target,
               Message* to) {
  for (int i = 0; i < from.GetReflection()->FieldSize(from, &source); ++i) {
    to->GetReflection()->AddString(to, &target,
                                   from.GetReflection()->GetRepeatedString(from, &source, i));
  }
}

void CopyNumbers(const Message& from, const FieldDescriptor& source, const FieldDescriptor& target,
                 Message* to) {
  for (int i = 0; i < from.GetReflection()->FieldSize(from, &source); ++i) {
    to->GetReflection()->AddDouble(to, &target,
                                   from.GetReflection()->GetRepeatedDouble(from, &source, i));
  }
}

void CopyField(const Message& from, const FieldDescriptor& source, const FieldDescriptor& target,
               Message* to) {
  const Reflection& in = *from.GetReflection();
  const Reflection& out = *to->GetReflection();
  switch (source.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      out.SetString(to, &target, in.GetString(from, &source));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      out.SetDouble(to, &target, in.GetDouble(from, &source));
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      out.SetInt32(to, &target, in.GetInt32(from, &source));
      break;
    default:
      break;
  }
}

}  // namespace

std::string EnvironmentDifference::Text() const {
  return absl::StrCat(name, " was ", before, ", is ", now);
}

std::vector<EnvironmentDifference> EnvironmentDifferences(const Message& before, const Message& now,
                                                          const std::vector<std::string>& names) {
  std::vector<EnvironmentDifference> differences;
  for (const std::string& name : names) {
    const std::string was = FieldText(before, name), is = FieldText(now, name);
    if (was != is) differences.push_back({name, was, is});
  }
  return differences;
}

absl::StatusOr<std::vector<std::string>> CompareProvenance(const Provenance& before,
                                                           const Provenance& now) {
  if (before.dataset_checksum() != now.dataset_checksum()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the dataset is not the one that the run began with: dataset_checksum was ",
        before.dataset_checksum(), ", is ", now.dataset_checksum(), "; --overwrite starts over"));
  }
  std::vector<std::string> changes;
  for (const EnvironmentDifference& difference :
       EnvironmentDifferences(before, now, DecidingFields())) {
    changes.push_back(difference.Text());
  }
  return changes;
}

void CopyCommonFields(const Message& from, Message* to) {
  for (int i = 0; i < from.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& source = *from.GetDescriptor()->field(i);
    const FieldDescriptor* target = to->GetDescriptor()->FindFieldByName(source.name());
    if (target == nullptr || target->cpp_type() != source.cpp_type() ||
        target->is_repeated() != source.is_repeated()) {
      continue;
    }
    if (!source.is_repeated()) {
      if (from.GetReflection()->HasField(from, &source)) CopyField(from, source, *target, to);
    } else if (source.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      CopyTexts(from, source, *target, to);
    } else if (source.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
      CopyNumbers(from, source, *target, to);
    }
  }
}

}  // namespace pdarts
