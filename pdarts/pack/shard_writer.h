#ifndef PDARTS_PACK_SHARD_WRITER_H_
#define PDARTS_PACK_SHARD_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/directory.h"
#include "pdarts/base/file.h"

// A type of libarchive. Its headers are not included here.
struct archive;

namespace pdarts {

/// Writes a tar archive that follows the convention of WebDataset. The file is called `name`.tmp
/// until it is complete. The same samples give the same bytes.
class ShardWriter {
 public:
  /// Begins a file `name` in the directory. The directory must outlive the writer. A half-written
  /// file of a killed process is removed.
  /// \error with the reason of the system.
  static absl::StatusOr<ShardWriter> Begin(const Directory& directory, std::string name);
  ~ShardWriter();
  ShardWriter(ShardWriter&& other) noexcept;
  ShardWriter& operator=(ShardWriter&&) = delete;

  /// Appends a sample: `sample`.`ending` with the image, and `sample`.cls with the label.
  /// \error with the reason of the system, such as a full disk.
  absl::Status Add(const std::string& sample, absl::string_view ending, absl::string_view image,
                   int64_t label);
  /// Ends the archive, syncs it so that it survives a loss of power, and gives the file its name.
  /// \error as Add.
  absl::Status Finish();

 private:
  ShardWriter(const Directory& directory, std::string name, FileDescriptor file);

  absl::Status AddFile(const std::string& name, absl::string_view content);
  absl::Status Error(absl::string_view what) const;

  const Directory* directory_;
  std::string name_;
  FileDescriptor file_;
  archive* tar_;
};

}  // namespace pdarts

#endif  // PDARTS_PACK_SHARD_WRITER_H_
