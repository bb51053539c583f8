#include "pdarts/core/json.h"

#include <string>

#include "gtest/gtest.h"
#include "pdarts/core/architecture.pb.h"

namespace pdarts {
namespace {

std::string JsonOf(const std::string& text) {
  DerivedArchitecture message;
  message.set_text(text);
  return ToJsonLine(message);
}

TEST(JsonTest, TextInUtf8StaysAsItIs) {
  EXPECT_EQ(JsonOf("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
            "{\"text\":\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"}");
}

TEST(JsonTest, OtherBytesAreWrittenAsNumbersAndNothingIsLost) {
  EXPECT_EQ(JsonOf("/data/caf\xe9/cifar"), R"({"text":"/data/caf\\xe9/cifar"})");
  EXPECT_EQ(JsonOf("\xff\xfe"), R"({"text":"\\xff\\xfe"})");
  EXPECT_EQ(JsonOf("cut \xe2\x82"), R"({"text":"cut \\xe2\\x82"})");
  EXPECT_EQ(JsonOf("longer than needed \xc0\xaf"), R"({"text":"longer than needed \\xc0\\xaf"})");
}

TEST(JsonTest, TextsOfMessagesInTheMessageToo) {
  DerivedArchitecture message;
  message.mutable_trace()->add_notes("first");
  message.mutable_trace()->add_notes("b\xfcrste");
  EXPECT_EQ(ToJsonLine(message), R"({"trace":{"notes":["first","b\\xfcrste"]}})");
}

TEST(JsonTest, ATextAlone) { EXPECT_EQ(JsonText("a \"b\" \xe9"), R"("a \"b\" \\xe9")"); }

TEST(JsonTest, WhatIsWrittenCanBeReadAgain) {
  DerivedArchitecture read;
  ASSERT_TRUE(ParseJson(JsonOf("caf\xe9"), &read).ok());
  EXPECT_EQ(read.text(), "caf\\xe9");
  EXPECT_EQ(ParseJson("{", &read).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace pdarts
