#include "pdarts/sessions/image_files.h"

#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "ATen/core/Tensor.h"
#include "ATen/ops/zeros.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/text.h"
#include "pdarts/images/listing.h"
#include "pdarts/images/sample.h"
#include "pdarts/images/store.h"
#include "pdarts/sessions/session_options.h"

namespace pdarts {
namespace {

/// The maximum number of pixels. A file whose header announces more pixels is not decoded, because
/// it could take all memory.
constexpr int64_t kMaxPixels = 100000000;

class FileSource : public SampleSource {
 public:
  explicit FileSource(const std::vector<std::string>& paths)
      : store_(images::MakeFileStore("", paths)),
        labels_(at::zeros({static_cast<int64_t>(paths.size())}, at::kLong)) {}

  int64_t size() const override { return store_->size(); }
  const at::Tensor& labels() const override { return labels_; }
  absl::StatusOr<std::unique_ptr<Sample>> Open(int64_t index) const override {
    PDARTS_ASSIGN_OR_RETURN(std::string bytes, store_->Read(index));
    return images::OpenSample(std::move(bytes), kMaxPixels);
  }
  std::string Name(int64_t index) const override { return store_->Name(index); }

 private:
  const std::unique_ptr<images::ImageStore> store_;
  const at::Tensor labels_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> FindImageFiles(const std::vector<std::string>& paths,
                                                        std::ostream* notes) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      return absl::NotFoundError(absl::StrCat(path, ": there is no such file or folder"));
    }
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    PDARTS_ASSIGN_OR_RETURN(images::FolderContent content,
                            images::ListClass({/*name=*/"", {path}}));
    if (content.images.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": the folder holds no image: no PNG, JPEG or WebP file"));
    }
    if (!content.others.empty()) {
      Tell({absl::StrCat(path, ": left out files that are not images: ", SomeOf(content.others))},
           notes);
    }
    files.insert(files.end(), std::make_move_iterator(content.images.begin()),
                 std::make_move_iterator(content.images.end()));
  }
  return files;
}

std::shared_ptr<const SampleSource> MakeFileSource(const std::vector<std::string>& paths) {
  return std::make_shared<FileSource>(paths);
}

}  // namespace pdarts
