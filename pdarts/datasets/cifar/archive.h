#ifndef PDARTS_DATASETS_CIFAR_ARCHIVE_H_
#define PDARTS_DATASETS_CIFAR_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts::cifar {

/// Reads files from a .tar.gz archive. The function writes no files.
/// \param wanted the names of the files in the archive, and the maximum size of each in bytes.
/// \return the bytes of each file.
/// \error kNotFound if there is no such archive, or if a file is missing in it; kDataLoss if the
/// archive is damaged, if a file is longer than its maximum, or if everything before the end of the
/// last wanted file is longer than 1 GiB. All errors name the archive.
absl::StatusOr<std::map<std::string, std::string>> ReadArchive(
    const std::string& archive, const std::map<std::string, int64_t>& wanted);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_ARCHIVE_H_
