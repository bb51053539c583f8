#ifndef PDARTS_FETCH_DOWNLOAD_H_
#define PDARTS_FETCH_DOWNLOAD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace pdarts {

/// A file that is known before it is downloaded.
struct DownloadRequest {
  std::string url;  ///< http or https
  int64_t bytes = 0;
  std::string sha256;  ///< 64 lowercase hexadecimal digits
};

struct DownloadOptions {
  /// Hears how many bytes are there.
  std::function<void(int64_t bytes)> progress;
  /// So many attempts in a row that bring too little end the download. Too little is what a
  /// connection may bring before it is given up: stall_seconds * least_bytes_per_second.
  int attempts = 5;
  /// Before the second attempt; twice as long before each further one.
  double pause_seconds = 1;
  /// A connection that is slower than this for so long is given up.
  int least_bytes_per_second = 1000;
  int stall_seconds = 30;
};

/// The URL as messages show it: without the user name, the password and the query, which can be
/// secrets.
std::string PublicUrl(const std::string& url);

/// Downloads a file, so that `path` holds it whole and with the right checksum or doesn't exist.
/// What is there of it is kept in `path`.part: a connection that breaks off is made again, and goes
/// on from there, as does a later call. A file that `path` holds already is checked and kept.
/// Errors show the URL as PublicUrl does. The environment variable SSL_CERT_FILE names the
/// certificates of authorities that https trusts; without it, curl's own choice is taken.
/// \error kUnavailable if the server can't be reached, breaks off or stalls too often: a later call
/// goes on; kNotFound, kPermissionDenied, ... for what the server answers; kDataLoss if what it
/// sends is longer or shorter than the file or has another checksum; kInvalidArgument for a URL
/// that is none; kResourceExhausted and others, naming the file, if it can't be written.
absl::Status Download(const DownloadRequest& request, const std::string& path,
                      const DownloadOptions& options);

}  // namespace pdarts

#endif  // PDARTS_FETCH_DOWNLOAD_H_
