#ifndef PDARTS_PACK_SHARD_WRITER_H_
#define PDARTS_PACK_SHARD_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/directory.h"
#include "pdarts/core/file.h"

// libarchive's; its headers stay out of this one.
struct archive;

namespace pdarts {

/// Writes a tar archive in WebDataset's convention. The file has its name only when it is complete:
/// before that it is called `name`.tmp. The same samples give the same bytes.
class ShardWriter {
 public:
  /// Begins a file `name` in the directory, which must outlive the writer. What a process that was
  /// killed left of it is removed.
  /// \error with the system's reason.
  static absl::StatusOr<ShardWriter> Begin(const Directory& directory, std::string name);
  ~ShardWriter();
  ShardWriter(ShardWriter&& other) noexcept;
  ShardWriter& operator=(ShardWriter&&) = delete;

  /// Appends a sample: `sample`.`ending` with the image, and `sample`.cls with the label.
  /// \error with the system's reason, such as a full disk.
  absl::Status Add(const std::string& sample, absl::string_view ending, absl::string_view image,
                   int64_t label);
  /// Ends the archive, so that it lasts through a loss of power, and gives the file its name.
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
