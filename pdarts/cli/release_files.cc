#include "pdarts/cli/release_files.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace pdarts {
namespace {

namespace fs = std::filesystem;

bool IsReadable(const fs::path& path) { return access(path.c_str(), R_OK) == 0; }

/// The file of certificates of the system. If the system has none, the file of the archive.
fs::path CertificatesFile(const fs::path& archive) {
  for (const char* path : {
           "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch, Alpine
           "/etc/pki/tls/certs/ca-bundle.crt",    // Red Hat, Fedora, Rocky
           "/etc/ssl/ca-bundle.pem",              // SUSE
       }) {
    if (IsReadable(path)) return path;
  }
  return archive / "share/certificates/ca-certificates.crt";
}

}  // namespace

void UseReleaseFiles(const std::string& program) {
  const fs::path folder = fs::path(program).parent_path();
  const fs::path archive = folder.parent_path();
  const fs::path fonts = archive / "share/fonts/fonts.conf";
  if (folder.filename() != "libexec" || !IsReadable(fonts)) return;
  setenv("FONTCONFIG_FILE", fonts.c_str(), /*overwrite=*/1);
  setenv("GVBINDIR", (archive / "lib/graphviz").c_str(), /*overwrite=*/1);
  setenv("SSL_CERT_FILE", CertificatesFile(archive).c_str(), /*overwrite=*/0);
}

}  // namespace pdarts
