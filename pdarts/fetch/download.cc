#include "pdarts/fetch/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "glog/logging.h"
#include "pdarts/base/atomic_file.h"
#include "pdarts/base/file.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"

namespace pdarts {
namespace {

/// The maximum number of attempts of one download, even if each attempt makes progress.
constexpr int kMaxAttempts = 1000;

/// A file that has been downloaded in part.
class PartFile {
 public:
  explicit PartFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  const FileDescriptor& file() const { return file_; }
  int64_t size() const { return size_; }

  absl::Status Open() {
    // Other users can predict its name, and may have put a link there.
    PDARTS_ASSIGN_OR_RETURN(file_, OpenForAppending(path_));
    struct stat status;
    if (fstat(file_.number(), &status) != 0) return SystemError("write", path_);
    size_ = status.st_size;
    return absl::OkStatus();
  }
  absl::Status Append(absl::string_view bytes) {
    PDARTS_RETURN_IF_ERROR(WriteAll(file_.number(), bytes, path_));
    size_ += static_cast<int64_t>(bytes.size());
    return absl::OkStatus();
  }
  absl::Status Clear() {
    if (ftruncate(file_.number(), 0) != 0) return SystemError("write", path_);
    size_ = 0;
    return absl::OkStatus();
  }
  absl::Status Sync() {
    return fsync(file_.number()) == 0 ? absl::OkStatus() : SystemError("sync", path_);
  }

 private:
  const std::string path_;
  FileDescriptor file_;
  int64_t size_ = 0;
};

/// The SHA-256 of all bytes of an open file. \error with the reason of the system.
absl::StatusOr<std::string> Sha256OfFile(const FileDescriptor& file, const std::string& path) {
  Sha256 sha;
  std::array<char, 1 << 16> buffer;
  for (int64_t position = 0;;) {
    const ssize_t got = pread(file.number(), buffer.data(), buffer.size(), position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path);
    if (got == 0) return sha.Hex();
    sha.Update({buffer.data(), static_cast<size_t>(got)});
    position += got;
  }
}

/// Whether a Content-Range header announces bytes of a file of `size` bytes, beginning at `first`.
/// The server may send fewer bytes than the rest, and may not know the size.
bool AnnouncesRest(absl::string_view header, int64_t first, int64_t size) {
  const std::vector<std::string> words = absl::StrSplit(header, absl::ByAnyChar(" -/"));
  int64_t from = 0, last = 0, of = size;
  return words.size() == 4 && absl::EqualsIgnoreCase(words[0], "bytes") &&
         absl::SimpleAtoi(words[1], &from) && absl::SimpleAtoi(words[2], &last) &&
         (words[3] == "*" || absl::SimpleAtoi(words[3], &of)) && from == first && last >= first &&
         last < size && of == size;
}

/// One connection, which continues at the end of the file.
class Attempt {
 public:
  Attempt(const DownloadRequest& request, const DownloadOptions& options, PartFile* file)
      : request_(request),
        url_(PublicUrl(request.url)),
        options_(options),
        file_(file),
        curl_(curl_easy_init()) {
    CHECK(curl_ != nullptr);
  }
  ~Attempt() { curl_easy_cleanup(curl_); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  /// \error kUnavailable if another attempt may succeed.
  absl::Status Run() {
    curl_easy_setopt(curl_, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl_, CURLOPT_MAXREDIRS, 10L);
    curl_easy_setopt(curl_, CURLOPT_FAILONERROR, 1L);
    // curl does not read this variable of OpenSSL itself.
    if (const char* const certificates = std::getenv("SSL_CERT_FILE")) {
      curl_easy_setopt(curl_, CURLOPT_CAINFO, certificates);
    }
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.stall_seconds));
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT,
                     static_cast<long>(options_.least_bytes_per_second));
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_seconds));
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, error_.data());
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &OnHeader);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &OnBody);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
    // CURLOPT_RESUME_FROM is not used, because it fails if the server sends the whole file instead.
    const std::string range = absl::StrCat(file_->size(), "-");
    if (file_->size() > 0) curl_easy_setopt(curl_, CURLOPT_RANGE, range.c_str());
    const CURLcode code = curl_easy_perform(curl_);
    PDARTS_RETURN_IF_ERROR(status_);
    if (code != CURLE_OK) return Explain(code);
    if (!body_begun_) PDARTS_RETURN_IF_ERROR(BeginBody());  // empty
    if (file_->size() < request_.bytes) {
      return absl::UnavailableError(absl::StrCat(url_, ": the connection ended early"));
    }
    return absl::OkStatus();
  }

 private:
  static size_t OnHeader(char* bytes, size_t size, size_t count, void* self) {
    absl::string_view line(bytes, size * count);
    if (absl::StartsWith(line, "HTTP/")) {
      static_cast<Attempt*>(self)->content_range_.clear();  // of a page that redirected here
    } else if (absl::StartsWithIgnoreCase(line, "content-range:")) {
      line.remove_prefix(line.find(':') + 1);
      static_cast<Attempt*>(self)->content_range_ = std::string(absl::StripAsciiWhitespace(line));
    }
    return size * count;
  }

  static size_t OnBody(char* bytes, size_t size, size_t count, void* self) {
    auto* attempt = static_cast<Attempt*>(self);
    attempt->status_ = attempt->TakeBody({bytes, size * count});
    return attempt->status_.ok() ? size * count : 0;  // any other return value ends the transfer
  }

  absl::Status TakeBody(absl::string_view bytes) {
    if (!body_begun_) PDARTS_RETURN_IF_ERROR(BeginBody());
    if (file_->size() + static_cast<int64_t>(bytes.size()) > request_.bytes) {
      return absl::DataLossError(
          absl::StrCat(url_, " is longer than the published ", request_.bytes, " bytes"));
    }
    PDARTS_RETURN_IF_ERROR(file_->Append(bytes));
    if (options_.progress) options_.progress(file_->size());
    return absl::OkStatus();
  }

  /// Checks which bytes the server sends: the requested rest, or the whole file.
  absl::Status BeginBody() {
    body_begun_ = true;
    const long status = ResponseCode();
    if (status == 206) {
      if (AnnouncesRest(content_range_, file_->size(), request_.bytes)) return absl::OkStatus();
      return absl::DataLossError(absl::StrCat(url_, ": the server sends \"", content_range_,
                                              "\", expected \"bytes ", file_->size(), "-",
                                              request_.bytes - 1, "/", request_.bytes, "\""));
    }
    if (status != 200) {
      return absl::DataLossError(
          absl::StrCat(url_, ": the server answered with HTTP status ", status));
    }
    // The server does not support ranges, and sends the whole file.
    if (file_->size() > 0) PDARTS_RETURN_IF_ERROR(file_->Clear());
    curl_off_t length = -1;
    curl_easy_getinfo(curl_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0 && length != request_.bytes) {
      return absl::DataLossError(
          absl::StrCat(url_, " has ", length, " bytes, the published file has ", request_.bytes));
    }
    return absl::OkStatus();
  }

  long ResponseCode() const {
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  absl::Status Explain(CURLcode code) {
    const std::string message =
        absl::StrCat(url_, ": ", error_[0] != '\0' ? error_.data() : curl_easy_strerror(code));
    switch (code) {
      case CURLE_HTTP_RETURNED_ERROR:
        return ExplainStatus(message);
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return absl::InvalidArgumentError(message);
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_TOO_MANY_REDIRECTS:
        return absl::FailedPreconditionError(message);
      default:
        return absl::UnavailableError(message);
    }
  }

  absl::Status ExplainStatus(const std::string& message) {
    const long status = ResponseCode();
    if (status == 416) {  // the partial file is not a part of the server's file
      PDARTS_RETURN_IF_ERROR(file_->Clear());
      return absl::UnavailableError(message);
    }
    if (status >= 500 || status == 408 || status == 429) return absl::UnavailableError(message);
    return absl::NotFoundError(message);
  }

  const DownloadRequest& request_;
  const std::string url_;  ///< for messages
  const DownloadOptions& options_;
  PartFile* const file_;
  CURL* const curl_;
  std::array<char, CURL_ERROR_SIZE> error_ = {};
  std::string content_range_;
  bool body_begun_ = false;
  absl::Status status_;  ///< errors of this program
};

/// Connects again and again, until the file has its full length.
absl::Status FillFile(const DownloadRequest& request, const DownloadOptions& options,
                      PartFile* file) {
  // A server that sends only a few bytes in each attempt would keep the download going for hours.
  const int64_t too_little = int64_t{options.stall_seconds} * options.least_bytes_per_second;
  int in_vain = 0;
  for (int attempt = 0; file->size() < request.bytes; ++attempt) {
    const int64_t before = file->size();
    absl::Status status = Attempt(request, options, file).Run();
    if (status.ok()) return absl::OkStatus();
    if (!absl::IsUnavailable(status)) return status;
    in_vain = file->size() > before + too_little ? 0 : in_vain + 1;
    if (in_vain == options.attempts || attempt == kMaxAttempts) {
      return absl::UnavailableError(absl::StrCat(status.message(), "; ", file->size(), " of ",
                                                 request.bytes, " bytes are in ", file->path(),
                                                 ", and the same command continues from there"));
    }
    VLOG(1) << TerminalSafe(status.ToString()) << "; " << file->size() << " bytes are there";
    absl::SleepFor(absl::Seconds(options.pause_seconds * std::exp2(std::max(0, in_vain - 1))));
  }
  return absl::OkStatus();
}

/// \error kDataLoss naming both checksums if they differ.
absl::Status CheckFile(const FileDescriptor& file, const std::string& path,
                       const DownloadRequest& request) {
  PDARTS_ASSIGN_OR_RETURN(const std::string sha256, Sha256OfFile(file, path));
  if (sha256 == request.sha256) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " is not the published file: its SHA-256 is ",
                                          sha256, ", expected ", request.sha256));
}

}  // namespace

std::string PublicUrl(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), &curl_url_cleanup);
  CHECK(parsed != nullptr);
  char* text = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(),
                   CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) != CURLUE_OK) {
    return "the URL";  // nobody knows which part of the URL is a secret
  }
  for (const CURLUPart secret : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                 CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    curl_url_set(parsed.get(), secret, nullptr, 0);
  }
  if (curl_url_get(parsed.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return "the URL";
  const std::unique_ptr<char, void (*)(void*)> owned(text, &curl_free);
  return owned.get();
}

absl::Status Download(const DownloadRequest& request, const std::string& path,
                      const DownloadOptions& options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK_EQ(initialized, CURLE_OK);
  const absl::StatusOr<FileDescriptor> found = OpenRegularFile(AT_FDCWD, path, O_RDONLY, path);
  if (found.ok()) return CheckFile(*found, path, request);
  if (!absl::IsNotFound(found.status())) return found.status();

  PartFile file(path + ".part");
  PDARTS_RETURN_IF_ERROR(file.Open());
  if (file.size() > request.bytes) PDARTS_RETURN_IF_ERROR(file.Clear());
  bool has_older_part = file.size() > 0;
  for (;;) {
    PDARTS_RETURN_IF_ERROR(FillFile(request, options, &file));
    PDARTS_RETURN_IF_ERROR(file.Sync());
    const absl::Status checked = CheckFile(file.file(), file.path(), request);
    if (checked.ok()) return RenameForGood(file.path(), path);
    // The partial file is useless, because its checksum is wrong.
    PDARTS_RETURN_IF_ERROR(file.Clear());
    if (!has_older_part) {
      unlink(file.path().c_str());
      return absl::DataLossError(absl::StrCat(
          PublicUrl(request.url), ": the downloaded file is removed: ", checked.message()));
    }
    has_older_part = false;  // the older part may have been the reason of the wrong checksum
  }
}

}  // namespace pdarts
