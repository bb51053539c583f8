#include "pdarts/processes/agreement.h"

#include <algorithm>

#include "ATen/ops/zeros.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

constexpr char kAgreedPayload[] = "pdarts/agreed";

/// The first line that differs, as "seed: 2, that of process 0 is seed: 1".
std::string FirstDifference(const std::string& own, const std::string& first) {
  const std::vector<absl::string_view> own_lines = absl::StrSplit(own, '\n'),
                                       first_lines = absl::StrSplit(first, '\n');
  const auto line = [](const std::vector<absl::string_view>& lines, size_t number) {
    return number < lines.size() ? absl::StripAsciiWhitespace(lines[number]) : "(nothing)";
  };
  size_t number = 0;
  while (number < own_lines.size() && number < first_lines.size() &&
         own_lines[number] == first_lines[number]) {
    ++number;
  }
  return absl::StrCat(line(own_lines, number), ", that of process 0 is ",
                      line(first_lines, number));
}

/// A text of names and values. Each of them is escaped, so that it contains no separator.
std::string Encode(const NamedTexts& texts) {
  return absl::StrJoin(texts, "\n", [](std::string* out, const auto& text) {
    absl::StrAppend(out, absl::CEscape(text.first), "=", absl::CEscape(text.second));
  });
}

/// The difference between `own` and the encoded texts of process 0; empty if there is none.
std::string Difference(const NamedTexts& own, const std::string& encoded) {
  const std::vector<std::string> first = absl::StrSplit(encoded, '\n');
  for (size_t i = 0; i < own.size(); ++i) {
    const auto& [name, value] = own[i];
    absl::string_view of_first = i < first.size() ? absl::string_view(first[i]) : "";
    std::string value_of_first;
    if (!absl::ConsumePrefix(&of_first, absl::StrCat(absl::CEscape(name), "=")) ||
        !absl::CUnescape(of_first, &value_of_first)) {
      return absl::StrCat("process 0 has no ", name);
    }
    if (value != value_of_first) {
      return absl::StrCat("its ", name, " is ", FirstDifference(value, value_of_first));
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> Gather(Communicator& communicator, int64_t own) {
  const at::Tensor numbers = at::zeros({communicator.size()}, at::TensorOptions(at::kLong));
  int64_t* values = numbers.mutable_data_ptr<int64_t>();
  values[communicator.rank()] = own;
  PDARTS_RETURN_IF_ERROR(communicator.AllReduce({numbers}));
  return std::vector<int64_t>(values, values + communicator.size());
}

absl::Status Agree(Communicator& communicator, const absl::Status& own) {
  if (communicator.size() == 1) return own;
  const absl::StatusOr<std::vector<int64_t>> codes =
      Gather(communicator, static_cast<int64_t>(own.raw_code()));
  if (!codes.ok()) return own.ok() ? codes.status() : own;
  const auto failed =
      std::find_if(codes->begin(), codes->end(), [](int64_t code) { return code != 0; });
  if (failed == codes->end()) return absl::OkStatus();
  const int rank = static_cast<int>(failed - codes->begin());
  absl::StatusOr<std::string> message =
      communicator.BroadcastText(std::string(own.message()), rank);
  if (!message.ok()) return own.ok() ? message.status() : own;
  if (rank > 0) {
    *message = absl::StrCat("process ", rank, " of ", communicator.size(), ": ", *message);
  }
  return MarkAgreed(absl::Status(static_cast<absl::StatusCode>(*failed), *message));
}

absl::Status DoInFirst(Communicator& communicator, const std::function<absl::Status()>& work) {
  return Agree(communicator, communicator.rank() == 0 ? work() : absl::OkStatus());
}

absl::Status CheckAllTheSame(Communicator& communicator, const NamedTexts& own) {
  if (communicator.size() == 1) return absl::OkStatus();
  PDARTS_ASSIGN_OR_RETURN(const std::string first, communicator.BroadcastText(Encode(own), 0));
  const std::string difference = Difference(own, first);
  return Agree(communicator, difference.empty() ? absl::OkStatus()
                                                : absl::FailedPreconditionError(absl::StrCat(
                                                      "the processes of a run must be started in "
                                                      "the same way; ",
                                                      difference)));
}

bool IsAgreed(const absl::Status& status) { return status.GetPayload(kAgreedPayload).has_value(); }

absl::Status MarkAgreed(absl::Status status) {
  if (!status.ok()) status.SetPayload(kAgreedPayload, absl::Cord());
  return status;
}

}  // namespace pdarts
