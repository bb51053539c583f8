#ifndef PDARTS_FETCH_PUBLISHED_ARCHIVE_H_
#define PDARTS_FETCH_PUBLISHED_ARCHIVE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace pdarts {

/// A file of a dataset.
struct PublishedFile {
  std::string name;
  int64_t bytes = 0;
  std::string sha1;  ///< 40 lowercase hexadecimal digits
};

/// The published archive of a dataset.
struct PublishedArchive {
  std::string name;                  ///< "cifar10": the dataset plugin that reads the archive
  std::string title;                 ///< the name in messages
  std::string url;                   ///< where the archive is published
  int64_t bytes = 0;                 ///< of the archive
  std::string sha256;                ///< of the archive, 64 lowercase hexadecimal digits
  std::string folder;                ///< the only folder in the archive
  std::vector<PublishedFile> files;  ///< the files in that folder that the plugin reads
};

/// All archives that can be fetched.
const std::vector<PublishedArchive>& PublishedArchives();

}  // namespace pdarts

#endif  // PDARTS_FETCH_PUBLISHED_ARCHIVE_H_
