#ifndef PDARTS_FETCH_DOWNLOAD_H_
#define PDARTS_FETCH_DOWNLOAD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace pdarts {

/// A file whose checksum is known before the download.
struct DownloadRequest {
  std::string url;  ///< http or https
  int64_t bytes = 0;
  std::string sha256;  ///< 64 lowercase hexadecimal digits
};

struct DownloadOptions {
  /// Called with the number of bytes that exist.
  std::function<void(int64_t bytes)> progress;
  /// The download fails after this number of consecutive attempts that bring too little. An attempt
  /// brings too little if it brings at most stall_seconds * least_bytes_per_second bytes, after
  /// which a slow connection is closed.
  int attempts = 5;
  /// The pause before the second attempt. It is doubled before each further attempt.
  double pause_seconds = 1;
  /// A connection that is slower than this for stall_seconds is closed.
  int least_bytes_per_second = 1000;
  int stall_seconds = 30;
};

/// The URL for messages. It does not contain the user name, the password and the query, because
/// these can be secrets.
std::string PublicUrl(const std::string& url);

/// Downloads a file. After the call, `path` holds the complete file with the right checksum, or
/// does not exist. The downloaded part is kept in `path`.part. If a connection breaks, the function
/// connects again and continues there, and so does a later call. If `path` exists already, its
/// checksum is checked and the file is kept. Errors contain the URL in the form of PublicUrl. The
/// environment variable SSL_CERT_FILE names the file of certificates for https. Without it, curl
/// uses its default.
/// \error kUnavailable if the server cannot be reached, or breaks the connection or stalls too
/// often, in which case a later call continues; kNotFound, kPermissionDenied, ... for the answer of
/// the server; kDataLoss if the server's file is longer or shorter than expected, or has another
/// checksum; kInvalidArgument for an invalid URL; kResourceExhausted and others, naming the file,
/// if it cannot be written.
absl::Status Download(const DownloadRequest& request, const std::string& path,
                      const DownloadOptions& options);

}  // namespace pdarts

#endif  // PDARTS_FETCH_DOWNLOAD_H_
