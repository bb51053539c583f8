#include "pdarts/datasets/image_shards/testing.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/images/testing.h"

namespace pdarts::image_shards {

std::string TarOf(const std::vector<std::pair<std::string, std::string>>& files, bool pax) {
  size_t most = 16384;
  for (const auto& [name, content] : files) most += content.size() + 4096;
  std::string bytes(most, '\0');
  size_t used = 0;
  archive* tar = archive_write_new();
  if (pax) {
    archive_write_set_format_pax(tar);
  } else {
    archive_write_set_format_ustar(tar);
  }
  CHECK_EQ(archive_write_open_memory(tar, bytes.data(), bytes.size(), &used), ARCHIVE_OK);
  for (const auto& [name, content] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<int64_t>(content.size()));
    if (pax) archive_entry_set_mtime(entry, 1, 500000000);  // needs a header of its own
    CHECK_EQ(archive_write_header(tar, entry), ARCHIVE_OK);
    CHECK_EQ(archive_write_data(tar, content.data(), content.size()),
             static_cast<la_ssize_t>(content.size()));
    archive_entry_free(entry);
  }
  CHECK_EQ(archive_write_close(tar), ARCHIVE_OK);
  archive_write_free(tar);
  bytes.resize(used);
  return bytes;
}

void WriteShards(const std::string& folder, int classes, int images) {
  std::vector<std::pair<std::string, std::string>> files[3];
  for (int i = 0; i < images; ++i) {
    for (int c = 0; c < classes; ++c) {
      const auto red = static_cast<uint8_t>(255 * c / classes);
      const std::string png = images::PlainPng(9 + i, 11, red, static_cast<uint8_t>(7 * i), 40);
      const std::string name = absl::StrCat("image_", c, "_", i);
      for (const int shard : {i % 2, 2}) {
        if (shard == 2 && i % 2 == 1) continue;
        files[shard].emplace_back(absl::StrCat(name, ".png"), png);
        files[shard].emplace_back(absl::StrCat(name, ".cls"), absl::StrCat(c));
      }
    }
  }
  images::WriteFile(absl::StrCat(folder, "/train-0.tar"), TarOf(files[0]));
  images::WriteFile(absl::StrCat(folder, "/train-1.tar"), TarOf(files[1]));
  images::WriteFile(absl::StrCat(folder, "/test-0.tar"), TarOf(files[2]));
}

}  // namespace pdarts::image_shards
