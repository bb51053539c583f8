#include "pdarts/cli/release_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "pdarts/core/testing/test_folder.h"

namespace pdarts {
namespace {

namespace fs = std::filesystem;

class ReleaseFilesTest : public ::testing::Test {
 protected:
  ReleaseFilesTest() {
    archive_ = TestPath();
    fs::create_directories(archive_ + "/share/fonts");
    std::ofstream(archive_ + "/share/fonts/fonts.conf") << "<fontconfig/>";
    for (const char* name : {"FONTCONFIG_FILE", "GVBINDIR", "SSL_CERT_FILE"}) unsetenv(name);
  }
  ~ReleaseFilesTest() override { fs::remove_all(archive_); }

  static std::string Variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  }

  std::string archive_;
};

TEST_F(ReleaseFilesTest, AreUsedInPlaceOfWhatTheEnvironmentNames) {
  setenv("FONTCONFIG_FILE", "/opt/conda/etc/fonts/fonts.conf", 1);
  setenv("GVBINDIR", "/opt/graphviz", 1);
  UseReleaseFiles(archive_ + "/libexec/pdarts");
  EXPECT_EQ(Variable("FONTCONFIG_FILE"), archive_ + "/share/fonts/fonts.conf");
  EXPECT_EQ(Variable("GVBINDIR"), archive_ + "/lib/graphviz");
}

TEST_F(ReleaseFilesTest, CertificatesAreTheUsersElseTheSystemsElseTheArchives) {
  setenv("SSL_CERT_FILE", "/home/user/authorities.crt", 1);
  UseReleaseFiles(archive_ + "/libexec/pdarts");
  EXPECT_EQ(Variable("SSL_CERT_FILE"), "/home/user/authorities.crt");
  unsetenv("SSL_CERT_FILE");
  UseReleaseFiles(archive_ + "/libexec/pdarts");
  const std::string found = Variable("SSL_CERT_FILE");
  if (fs::exists(found)) {
    EXPECT_EQ(found.rfind("/etc/", 0), 0u) << found;
  } else {
    EXPECT_EQ(found, archive_ + "/share/certificates/ca-certificates.crt");
  }
}

TEST_F(ReleaseFilesTest, LeavesTheEnvironmentOfOtherProgramsAlone) {
  for (const char* program : {"/bin/pdarts", "/share/libexec/pdarts"}) {
    UseReleaseFiles(archive_ + program);
    for (const char* name : {"FONTCONFIG_FILE", "GVBINDIR", "SSL_CERT_FILE"}) {
      EXPECT_EQ(std::getenv(name), nullptr) << program << ": " << name;
    }
  }
}

}  // namespace
}  // namespace pdarts
