#include "pdarts/fetch/testing.h"

#include <archive.h>
#include <archive_entry.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "glog/logging.h"

namespace pdarts {

TestServer::TestServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  CHECK_EQ(listen(listener_, 8), 0);
  socklen_t size = sizeof(address);
  CHECK_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

TestServer::~TestServer() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

std::string TestServer::Url(const std::string& path) const {
  return absl::StrCat("http://127.0.0.1:", port_, path);
}

void TestServer::Serve() {
  while (!stop_) {
    pollfd waiting = {listener_, POLLIN, 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    const int connection = accept(listener_, nullptr, nullptr);
    std::string head;
    char buffer[1024];
    while (!absl::StrContains(head, "\r\n\r\n")) {
      const ssize_t size = read(connection, buffer, sizeof(buffer));
      if (size <= 0) break;
      head.append(buffer, static_cast<size_t>(size));
    }
    Request request;
    request.number = requests_++;
    for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
      if (absl::StartsWith(line, "GET ")) {
        request.path = std::vector<std::string>(absl::StrSplit(line, ' '))[1];
      } else if (absl::StartsWithIgnoreCase(line, "Range: bytes=")) {
        line.remove_prefix(13);
        CHECK(absl::SimpleAtoi(line.substr(0, line.find('-')), &request.from)) << line;
      }
    }
    const std::string response = handler_(request);
    for (size_t sent = 0; sent < response.size();) {
      const size_t piece = std::min<size_t>(piece_, response.size() - sent);
      const ssize_t size = send(connection, response.data() + sent, piece, MSG_NOSIGNAL);
      if (size <= 0 || stop_) break;  // the client or the test has ended
      std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms_));
      sent += static_cast<size_t>(size);
    }
    shutdown(connection, SHUT_WR);
    while (read(connection, buffer, sizeof(buffer)) > 0) {
    }
    close(connection);
  }
}

std::string Response(const std::string& status, const std::vector<std::string>& headers,
                     const std::string& body) {
  std::string response = absl::StrCat("HTTP/1.1 ", status, "\r\nConnection: close\r\n");
  bool has_length = false;
  for (const std::string& header : headers) {
    absl::StrAppend(&response, header, "\r\n");
    has_length = has_length || absl::StartsWith(header, "Content-Length:");
  }
  if (!has_length) absl::StrAppend(&response, "Content-Length: ", body.size(), "\r\n");
  return absl::StrCat(response, "\r\n", body);
}

std::string ProperResponse(const TestServer::Request& request, const std::string& content) {
  if (request.from < 0) return Response("200 OK", {}, content);
  return Response("206 Partial Content",
                  {absl::StrCat("Content-Range: bytes ", request.from, "-", content.size() - 1, "/",
                                content.size())},
                  content.substr(static_cast<size_t>(request.from)));
}

std::string MakeTarGz(const std::vector<TarEntry>& entries) {
  size_t capacity = 1 << 20;
  for (const TarEntry& entry : entries) capacity += entry.content.size() + 4096;
  std::string bytes(capacity, '\0');
  size_t used = 0;
  archive* writer = archive_write_new();
  CHECK_EQ(archive_write_add_filter_gzip(writer), ARCHIVE_OK);
  CHECK_EQ(archive_write_set_format_ustar(writer), ARCHIVE_OK);
  CHECK_EQ(archive_write_open_memory(writer, bytes.data(), bytes.size(), &used), ARCHIVE_OK);
  for (const TarEntry& from : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, from.path.c_str());
    archive_entry_set_perm(entry, 0644);
    const bool is_folder = absl::EndsWith(from.path, "/");
    archive_entry_set_filetype(entry, is_folder                     ? AE_IFDIR
                                      : !from.symbolic_link.empty() ? AE_IFLNK
                                      : from.fifo                   ? AE_IFIFO
                                                                    : AE_IFREG);
    if (!from.symbolic_link.empty()) archive_entry_set_symlink(entry, from.symbolic_link.c_str());
    if (!from.hard_link.empty()) archive_entry_set_hardlink(entry, from.hard_link.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(from.content.size()));
    CHECK_EQ(archive_write_header(writer, entry), ARCHIVE_OK) << archive_error_string(writer);
    archive_write_data(writer, from.content.data(), from.content.size());
    archive_entry_free(entry);
  }
  CHECK_EQ(archive_write_close(writer), ARCHIVE_OK);
  archive_write_free(writer);
  bytes.resize(used);
  return bytes;
}

}  // namespace pdarts
