#include "pdarts/fetch/sha1.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "absl/strings/escaping.h"
#include "glog/logging.h"
#include "openssl/evp.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {

absl::StatusOr<std::string> Sha1OfFile(const std::string& path) {
  PDARTS_ASSIGN_OR_RETURN(const FileDescriptor file,
                          OpenRegularFile(AT_FDCWD, path, O_RDONLY, path));
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> sha1(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  CHECK(sha1 != nullptr);
  CHECK_EQ(EVP_DigestInit_ex(sha1.get(), EVP_sha1(), nullptr), 1);
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t size = read(file.number(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError("read", path);
    if (size == 0) break;
    CHECK_EQ(EVP_DigestUpdate(sha1.get(), buffer.data(), static_cast<size_t>(size)), 1);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK_EQ(EVP_DigestFinal_ex(sha1.get(), digest, &size), 1);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

}  // namespace pdarts
