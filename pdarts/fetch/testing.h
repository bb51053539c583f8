#ifndef PDARTS_FETCH_TESTING_H_
#define PDARTS_FETCH_TESTING_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace pdarts {

/// A web server on this machine. It answers each request with the given bytes, and closes the
/// connection.
class TestServer {
 public:
  struct Request {
    int number = 0;     ///< from 0
    std::string path;   ///< "/file"
    int64_t from = -1;  ///< first byte of the requested range; -1: the whole file
  };
  using Handler = std::function<std::string(const Request&)>;

  explicit TestServer(Handler handler);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  /// From now on, sends a few bytes at a time, with pauses.
  void Trickle(size_t bytes, std::chrono::milliseconds pause) {
    piece_ = bytes;
    pause_ms_ = pause.count();
  }

  std::string Url(const std::string& path) const;
  int requests() const { return requests_; }

 private:
  void Serve();

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<size_t> piece_ = 1 << 20;
  std::atomic<int64_t> pause_ms_ = 0;
  std::thread thread_;
};

/// A response with this status ("200 OK") and these header lines. The length of the content is
/// added, unless a header line contains a length.
std::string Response(const std::string& status, const std::vector<std::string>& headers,
                     const std::string& body);

/// The answer of a correct server: the whole content, or the requested range.
std::string ProperResponse(const TestServer::Request& request, const std::string& content);

/// An entry of an archive. It is a folder if the path ends in '/', a link if it has a target, and
/// otherwise a file.
struct TarEntry {
  std::string path;
  std::string content;
  std::string symbolic_link;
  std::string hard_link;
  bool fifo = false;
};
std::string MakeTarGz(const std::vector<TarEntry>& entries);

}  // namespace pdarts

#endif  // PDARTS_FETCH_TESTING_H_
