#ifndef PDARTS_DATASETS_CIFAR_ARCHIVE_H_
#define PDARTS_DATASETS_CIFAR_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace pdarts::cifar {

/// Reads files out of a .tar.gz archive, and writes nothing.
/// \param wanted the files' names in the archive, and how many bytes each has at most.
/// \return the bytes of each.
/// \error kNotFound if there is no such archive, or it lacks a file; kDataLoss if the archive is
/// damaged, one of the files is longer, or all that lies before the last of them is longer than
/// 1 GiB. All name the archive.
absl::StatusOr<std::map<std::string, std::string>> ReadArchive(
    const std::string& archive, const std::map<std::string, int64_t>& wanted);

}  // namespace pdarts::cifar

#endif  // PDARTS_DATASETS_CIFAR_ARCHIVE_H_
