#include "pdarts/images/store.h"

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/images/testing.h"

namespace pdarts::images {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(FileStore, ReadsFilesThatStayAsTheyWereListed) {
  const std::string folder = absl::StrCat(::testing::TempDir(), "/file_store");
  fs::remove_all(folder);
  const auto path = [&](const std::string& name) { return absl::StrCat(folder, "/", name); };
  for (const char* name : {"a/whole", "a/longer", "a/shorter", "a/gone"}) {
    WriteFile(path(name), "0123456789");
  }
  fs::create_symlink("loop", path("a/loop"));
  fs::create_symlink("missing", path("a/nowhere"));
  const auto store =
      MakeFileStore(folder, {path("a/whole"), path("a/longer"), path("a/shorter"), path("a/gone"),
                             path("a/loop"), path("a/nowhere"), path("a")});
  ASSERT_EQ(store->size(), 7);
  EXPECT_EQ(*store->Read(0), "0123456789");
  EXPECT_EQ(store->Name(0), path("a/whole"));
  EXPECT_EQ(store->Key(0), "a/whole");
  EXPECT_EQ(store->Bytes(0), 10);
  WriteFile(path("a/longer"), "01234567890");
  WriteFile(path("a/shorter"), "012345678");
  fs::remove(path("a/gone"));
  const auto error = [&](int64_t index) {
    return std::string(store->Read(index).status().message());
  };
  EXPECT_THAT(error(1), HasSubstr("has 11 bytes, and had 10 when the folder was listed"));
  EXPECT_THAT(error(2), HasSubstr("has 9 bytes, and had 10 when the folder was listed"));
  EXPECT_EQ(store->Read(3).status(),
            absl::NotFoundError("was removed after the folder was listed"));
  EXPECT_EQ(error(4), "is a symbolic link that leads back to itself");
  EXPECT_EQ(error(5), "is not a regular file");
  EXPECT_EQ(error(6), "is not a regular file");
  EXPECT_EQ(store->Bytes(5), -1);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace pdarts::images
