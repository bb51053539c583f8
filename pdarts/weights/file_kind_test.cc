#include "pdarts/weights/file_kind.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pdarts {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using std::string_literals::operator""s;

TEST(DescribeFileKind, KnowsWhatPeopleTakeForWeights) {
  EXPECT_THAT(DescribeFileKind("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"),
              HasSubstr("git lfs pull"));
  EXPECT_THAT(DescribeFileKind("\xef\xbb\xbf \n<!DOCTYPE html>\n<html>"),
              StartsWith("an HTML page"));
  EXPECT_THAT(DescribeFileKind("<HTML><head>"), StartsWith("an HTML page"));
  EXPECT_EQ(DescribeFileKind("<?xml version=\"1.0\"?><Error><Code>AccessDenied"),
            "an XML or HTML text");
  EXPECT_EQ(DescribeFileKind(" {\"message\": \"Not Found\"}"), "a JSON text");
  EXPECT_THAT(DescribeFileKind("\x1f\x8b\x08\0\0"s), StartsWith("a gzip archive"));
  EXPECT_THAT(DescribeFileKind("\xfd\x37zXZ\0"s), StartsWith("an xz archive"));
  EXPECT_THAT(DescribeFileKind("sys_info"s + std::string(249, '\0') + "ustar\0"s),
              StartsWith("a tar archive"));
  EXPECT_EQ(DescribeFileKind("\x08\x08\x12\x07pytorch\x1a\x05"), "an ONNX model");
  EXPECT_THAT(DescribeFileKind("\x89HDF\r\n\x1a\n"), StartsWith("an HDF5 file"));
  EXPECT_THAT(DescribeFileKind("\x93NUMPY\x01\0v\0"s), StartsWith("a NumPy array"));
  EXPECT_EQ(DescribeFileKind("\x80\x04\x95\x10\0\0\0"s),
            "a Python pickle that torch.save did not write");
  EXPECT_THAT(DescribeFileKind("PDARTSCK\x01\0"s), HasSubstr("--resume"));
  EXPECT_EQ(DescribeFileKind("name: \"quickstart\"\nspace {\n"),
            "a text that begins with \"name: \\\"quickstart\\\"\"");
}

TEST(DescribeFileKind, ShowsTheBytesOfOthers) {
  EXPECT_EQ(DescribeFileKind(""), "an empty file");
  EXPECT_EQ(DescribeFileKind("\x01\x02\xff\0\0\0\0\0\0\0"s),
            "of an unknown kind, with the first bytes 0102ff0000000000");
  EXPECT_EQ(DescribeFileKind("\x01"), "of an unknown kind, with the first bytes 01");
}

}  // namespace
}  // namespace pdarts
