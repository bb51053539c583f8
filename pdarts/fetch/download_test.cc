#include "pdarts/fetch/download.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/file.h"
#include "pdarts/base/sha256.h"
#include "pdarts/core/testing/test_folder.h"
#include "pdarts/fetch/testing.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Request = TestServer::Request;

class DownloadTest : public ::testing::Test {
 protected:
  DownloadTest() {
    folder_ = TestFolder();
    path_ = folder_ + "/file";
    for (int i = 0; i < 300000; ++i) content_ += static_cast<char>(i * 31 + i / 256);
    options_.pause_seconds = 0.001;
  }
  ~DownloadTest() override { fs::remove_all(folder_); }

  absl::Status Get(const TestServer& server, const std::string& path = "/file") const {
    return Get(server.Url(path));
  }
  absl::Status Get(const std::string& url) const {
    return Download({url, static_cast<int64_t>(content_.size()), Sha256Of(content_).Hex()}, path_,
                    options_);
  }
  /// Expects that the download succeeded and left only the file.
  void ExpectWhole(const absl::Status& status) const {
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(ReadFile(path_).value() == content_);
    EXPECT_FALSE(fs::exists(path_ + ".part"));
  }
  void WritePart(const std::string& bytes) const {
    std::ofstream(path_ + ".part", std::ios::binary) << bytes;
  }

  std::string folder_, path_, content_;
  DownloadOptions options_;
};

TEST_F(DownloadTest, FetchesAFileAndTellsHowFarItIs) {
  std::vector<int64_t> progress;
  options_.progress = [&](int64_t bytes) { progress.push_back(bytes); };
  TestServer server([&](const Request& request) { return ProperResponse(request, content_); });
  ExpectWhole(Get(server));
  EXPECT_EQ(server.requests(), 1);
  ASSERT_FALSE(progress.empty());
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(progress.back(), static_cast<int64_t>(content_.size()));
  // A second download finds the file.
  ExpectWhole(Get(server));
  EXPECT_EQ(server.requests(), 1);
  std::ofstream(path_) << "something else";
  EXPECT_THAT(std::string(Get(server).message()), HasSubstr("is not the published file"));
  EXPECT_EQ(ReadFile(path_).value(), "something else");
}

TEST_F(DownloadTest, ALinkInPlaceOfThePartIsNotFollowed) {
  TestServer server([&](const Request& request) { return ProperResponse(request, content_); });
  const std::string victim = folder_ + "/victim";
  std::ofstream(victim) << "precious";
  fs::create_symlink(victim, path_ + ".part");
  EXPECT_THAT(std::string(Get(server).message()),
              HasSubstr(path_ + ".part: it is a symbolic link"));
  fs::remove(path_ + ".part");
  fs::create_hard_link(victim, path_ + ".part");
  EXPECT_THAT(std::string(Get(server).message()), HasSubstr("hard link"));
  EXPECT_EQ(ReadFile(victim).value(), "precious");
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(DownloadTest, APipeIsNotWaitedFor) {
  TestServer server([&](const Request& request) { return ProperResponse(request, content_); });
  for (const char* ending : {"", ".part"}) {
    ASSERT_EQ(mkfifo((path_ + ending).c_str(), 0600), 0);
    EXPECT_THAT(std::string(Get(server).message()), HasSubstr("it is not a regular file"));
    fs::remove(path_ + ending);
  }
  ExpectWhole(Get(server));
}

TEST_F(DownloadTest, FollowsToAnotherPlace) {
  TestServer server([&](const Request& request) {
    return request.path == "/file" ? Response("302 Found", {"Location: /moved"}, "moved")
                                   : ProperResponse(request, content_);
  });
  ExpectWhole(Get(server));
}

TEST_F(DownloadTest, ContinuesWhereTheConnectionBrokeOff) {
  std::vector<int64_t> from;
  TestServer server([&](const Request& request) {
    from.push_back(request.from);
    const std::string response = ProperResponse(request, content_);
    return request.number < 3 ? response.substr(0, 70000) : response;
  });
  ExpectWhole(Get(server));
  ASSERT_EQ(from.size(), 4u);
  EXPECT_EQ(from[0], -1);
  EXPECT_GT(from[1], 69000);
  EXPECT_GT(from[2], from[1] + 69000);
  EXPECT_GT(from[3], from[2] + 69000);
}

TEST_F(DownloadTest, ContinuesWhereAnEarlierDownloadBrokeOff) {
  WritePart(content_.substr(0, 100000));
  int64_t from = 0;
  TestServer server([&](const Request& request) {
    from = request.from;
    return ProperResponse(request, content_);
  });
  ExpectWhole(Get(server));
  EXPECT_EQ(from, 100000);
  // Only the renaming of the file is missing.
  fs::rename(path_, path_ + ".part");
  ExpectWhole(Get(server));
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(DownloadTest, StartsOverWhereTheServerKnowsNoRanges) {
  WritePart(content_.substr(0, 100000));
  TestServer server([&](const Request&) { return Response("200 OK", {}, content_); });
  ExpectWhole(Get(server));
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(DownloadTest, StartsOverWhereThePartIsOfSomethingElse) {
  WritePart(std::string(100000, 'x'));
  TestServer server([&](const Request& request) { return ProperResponse(request, content_); });
  ExpectWhole(Get(server));
  EXPECT_EQ(server.requests(), 2);
  fs::remove(path_);
  WritePart(std::string(400000, 'x'));  // longer than the file
  ExpectWhole(Get(server));
  fs::remove(path_);
  WritePart(content_.substr(0, 100000));
  TestServer refuses([&](const Request& request) {
    return request.from < 0 ? ProperResponse(request, content_)
                            : Response("416 Range Not Satisfiable", {}, "no");
  });
  ExpectWhole(Get(refuses));
}

TEST_F(DownloadTest, WhatIsCorruptedIsRemoved) {
  std::string corrupted = content_;
  corrupted[12345] ^= 1;
  TestServer server([&](const Request& request) { return ProperResponse(request, corrupted); });
  const absl::Status status = Get(server);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(Sha256Of(corrupted).Hex()),
                    HasSubstr("expected " + Sha256Of(content_).Hex())));
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(DownloadTest, LiesAboutLengthAreSeen) {
  const auto with_length = [&](int64_t length) {
    return [this, length](const Request&) {
      return Response("200 OK", {absl::StrCat("Content-Length: ", length)}, content_);
    };
  };
  for (const int64_t length : {int64_t{10}, int64_t{299999}, int64_t{300001}, int64_t{1} << 60}) {
    TestServer server(with_length(length));
    const absl::Status status = Get(server);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("has ", length, " bytes, the published file has 300000")));
  }
  // The server sends no length, and more bytes than expected.
  TestServer endless([&](const Request&) {
    return absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", content_, "more");
  });
  const absl::Status status = Get(endless);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("is longer than the published 300000"));
  EXPECT_FALSE(fs::exists(path_));
  // The server sends no length, and all expected bytes.
  TestServer plain([&](const Request&) {
    return absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", content_);
  });
  ExpectWhole(Get(plain));
}

TEST_F(DownloadTest, AnotherRangeThanAskedForIsRefused) {
  for (const char* range : {"bytes 99999-299999/300000", "bytes 100000-299999/300001", "x", ""}) {
    WritePart(content_.substr(0, 100000));
    TestServer server([&](const Request& request) {
      return Response("206 Partial Content", {absl::StrCat("Content-Range: ", range)},
                      content_.substr(static_cast<size_t>(request.from)));
    });
    const absl::Status status = Get(server);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("expected \"bytes 100000-299999/300000\""));
    EXPECT_EQ(fs::file_size(path_ + ".part"), 100000u);
  }
}

TEST_F(DownloadTest, ARangeOfAFileOfUnknownSizeIsTaken) {
  for (const char* range : {"bytes 100000-299999/*", "Bytes 100000-299999/300000"}) {
    fs::remove(path_);
    WritePart(content_.substr(0, 100000));
    TestServer server([&](const Request& request) {
      return Response("206 Partial Content", {absl::StrCat("Content-Range: ", range)},
                      content_.substr(static_cast<size_t>(request.from)));
    });
    ExpectWhole(Get(server));
    EXPECT_EQ(server.requests(), 1);
  }
}

TEST_F(DownloadTest, TheRestOfAShorterRangeIsAskedForAgain) {
  WritePart(content_.substr(0, 100000));
  TestServer server([&](const Request& request) {
    const auto from = static_cast<size_t>(request.from);
    const size_t last = std::min<size_t>(from + 99999, content_.size() - 1);
    return Response("206 Partial Content",
                    {absl::StrCat("Content-Range: bytes ", from, "-", last, "/300000")},
                    content_.substr(from, last - from + 1));
  });
  ExpectWhole(Get(server));
  EXPECT_EQ(server.requests(), 2);
}

TEST_F(DownloadTest, GivesUpWhereNothingComesAndSaysHowToContinue) {
  TestServer server([&](const Request& request) {
    if (request.number > 0) return std::string();
    return ProperResponse(request, content_).substr(0, 100000);
  });
  const absl::Status status = Get(server);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(absl::StrCat(fs::file_size(path_ + ".part"),
                                           " of 300000 bytes are in ", path_, ".part")),
                    HasSubstr("the same command continues from there")));
  EXPECT_EQ(server.requests(), 6);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(DownloadTest, AStalledConnectionIsGivenUp) {
  options_.stall_seconds = 1;
  TestServer server([&](const Request& request) {
    if (request.number == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3000));
    return ProperResponse(request, content_);
  });
  ExpectWhole(Get(server));
  EXPECT_GE(server.requests(), 2);
}

TEST_F(DownloadTest, AServerThatTricklesIsGivenUp) {
  options_.stall_seconds = 1;
  options_.attempts = 2;
  TestServer server([&](const Request& request) { return ProperResponse(request, content_); });
  server.Trickle(4, std::chrono::milliseconds(100));
  const absl::Status status = Get(server);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(server.requests(), 2);
}

TEST_F(DownloadTest, WhatTheServerRefusesIsNotAskedForAgain) {
  for (const char* answer : {"404 Not Found", "403 Forbidden"}) {
    TestServer server([&](const Request&) { return Response(answer, {}, "a page"); });
    const absl::Status status = Get(server);
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(answer).substr(0, 3)));
    EXPECT_EQ(server.requests(), 1);
  }
  TestServer busy([&](const Request& request) {
    return request.number < 2 ? Response("503 Service Unavailable", {}, "")
                              : ProperResponse(request, content_);
  });
  ExpectWhole(Get(busy));
}

TEST_F(DownloadTest, TrustsTheAuthoritiesThatTheEnvironmentNames) {
  TestServer server([&](const Request& request) { return ProperResponse(request, content_); });
  setenv("SSL_CERT_FILE", "/nowhere/authorities.crt", /*overwrite=*/1);
  const absl::Status status = Get(absl::StrCat("https", server.Url("/file").substr(4)));
  unsetenv("SSL_CERT_FILE");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/authorities.crt"));
}

TEST_F(DownloadTest, NoMessageHoldsAPassword) {
  EXPECT_EQ(PublicUrl("https://me:secret@mirror.example:8443/a/b.tar.gz?token=secret#secret"),
            "https://mirror.example:8443/a/b.tar.gz");
  EXPECT_EQ(PublicUrl("http://mirror.example/a"), "http://mirror.example/a");
  EXPECT_EQ(PublicUrl("http://me:secret@mirror.example:port/"), "the URL");
  TestServer server([&](const Request& request) {
    return request.path == "/none"    ? Response("404 Not Found", {}, "")
           : request.path == "/short" ? Response("200 OK", {}, "short")
                                      : Response("200 OK", {}, std::string(content_.size(), 'x'));
  });
  std::string with_password = server.Url("");
  with_password.insert(with_password.find("//") + 2, "me:secret@");
  options_.attempts = 1;
  for (const std::string& url :
       {with_password + "/none", with_password + "/short", with_password + "/other?key=secret",
        std::string("http://me:secret@127.0.0.1:1/"), std::string("http://me:secret@host:port/"),
        std::string("ftp://me:secret@127.0.0.1/")}) {
    const std::string message(Get(url).message());
    EXPECT_NE(message, "") << url;
    EXPECT_THAT(message, ::testing::Not(HasSubstr("secret"))) << url;
  }
}

TEST_F(DownloadTest, WhatIsNoUrl) {
  EXPECT_EQ(Get("file:///etc/passwd").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Get("").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Get("http://127.0.0.1:1/").code(), absl::StatusCode::kUnavailable);
  path_ = "/proc/nothing/file";
  EXPECT_THAT(std::string(Get("http://127.0.0.1:1/").message()), HasSubstr("/proc/nothing/file"));
}

}  // namespace
}  // namespace pdarts
