#include "pdarts/base/finite.h"

#include <limits>

#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;

// The well-known types have doubles in a field, in a list, in submessages and in a map.
TEST(FiniteTest, NamesTheFieldThatHoldsNoFiniteNumber) {
  google::protobuf::Struct message;
  google::protobuf::Value& list = (*message.mutable_fields())["losses"];
  for (int i = 0; i < 3; ++i) list.mutable_list_value()->add_values()->set_number_value(i);
  (*message.mutable_fields())["name"].set_string_value("nan");
  EXPECT_TRUE(CheckFinite(message).ok());
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    // Gets the value through the map again, because reflection reads a copy until the map changes.
    (*message.mutable_fields())["losses"].mutable_list_value()->mutable_values(2)->set_number_value(
        bad);
    const absl::Status status = CheckFinite(message);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(status.message(), HasSubstr("values: number_value is"));
  }
}

}  // namespace
}  // namespace pdarts
