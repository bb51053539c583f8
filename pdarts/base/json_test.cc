#include "pdarts/base/json.h"

#include <cmath>
#include <limits>
#include <sstream>
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

TEST(JsonTest, AnObjectKeepsItsOrderAndNoTextEndsAText) {
  DerivedArchitecture message;
  message.set_text("<a\"");
  Json object = Json::Object();
  object.Set("z", Json::Text("a\"},{\"b\": \xe9"))
      .Set("a\"b", Json::Of(message))
      .Set("list", Json::List({Json::Whole(-3), Json()}))
      .Set("texts", Json::Texts({"c", "d"}))
      .Set("none", Json::List())
      .Set("empty", Json::Object());
  object.Set("more", Json::List().Append(Json::Whole(1)));
  EXPECT_EQ(object.Line(),
            R"({"z":"a\"},{\"b\": \\xe9","a\"b":{"text":"\u003ca\""},"list":[-3,null],)"
            R"("texts":["c","d"],"none":[],"empty":{},"more":[1]})");
  EXPECT_EQ(Json::Object().Set("a", Json::Texts({"b", "c"})).Set("d", Json()).SpacedLine(),
            R"({"a": ["b", "c"], "d": null})");
}

TEST(JsonTest, NumbersHaveTheDigitsThatAreAskedFor) {
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Json::List({Json::Fixed(1.0 / 3, 2), Json::Fixed(2, 0), Json::Significant(12345, 2),
                        Json::Significant(0.125, 10), Json::Shortest(0.1), Json::Shortest(-5)})
                .Line(),
            "[0.33,2,1.2e+04,0.125,0.1,-5]");
  EXPECT_EQ(Json::List({Json::Fixed(infinite, 2), Json::Significant(std::nan(""), 2),
                        Json::Shortest(-infinite)})
                .Line(),
            "[null,null,null]");
}

TEST(JsonTest, AListIsWrittenElementByElement) {
  DerivedArchitecture message;
  message.set_text("a");
  std::ostringstream out;
  JsonListStream list("images", &out);
  list.Append(message);
  list.Append(message);
  list.End();
  EXPECT_EQ(out.str(), R"({"images":[{"text":"a"},{"text":"a"}]})");
}

TEST(JsonTest, WhatIsWrittenCanBeReadAgain) {
  DerivedArchitecture read;
  ASSERT_TRUE(ParseJson(JsonOf("caf\xe9"), &read).ok());
  EXPECT_EQ(read.text(), "caf\\xe9");
  EXPECT_EQ(ParseJson("{", &read).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace pdarts
