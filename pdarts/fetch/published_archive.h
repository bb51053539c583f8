#ifndef PDARTS_FETCH_PUBLISHED_ARCHIVE_H_
#define PDARTS_FETCH_PUBLISHED_ARCHIVE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace pdarts {

/// A file of a data set.
struct PublishedFile {
  std::string name;
  int64_t bytes = 0;
  std::string sha1;  ///< 40 lowercase hexadecimal digits
};

/// An archive that a data set is published as.
struct PublishedArchive {
  std::string name;                  ///< "cifar10": the dataset plugin that reads it
  std::string title;                 ///< for people
  std::string url;                   ///< where it is published
  int64_t bytes = 0;                 ///< of the archive
  std::string sha256;                ///< of the archive, 64 lowercase hexadecimal digits
  std::string folder;                ///< the one folder that it holds
  std::vector<PublishedFile> files;  ///< in that folder, what the plugin reads
};

/// All that can be fetched.
const std::vector<PublishedArchive>& PublishedArchives();

}  // namespace pdarts

#endif  // PDARTS_FETCH_PUBLISHED_ARCHIVE_H_
