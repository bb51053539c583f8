#include <unistd.h>

#include <array>
#include <climits>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/dataset.h"
#include "pdarts/core/registry.h"
#include "pdarts/datasets/cifar/labels.h"
#include "pdarts/datasets/cifar/records.h"
#include "pdarts/datasets/cifar10_sample/cifar10_sample.pb.h"
#include "tools/cpp/runfiles/runfiles.h"

namespace pdarts {
namespace {

using bazel::tools::cpp::runfiles::Runfiles;

/// The file of this program. argv[0] is not used, because it may be relative to a folder that the
/// program has left.
std::string ThisProgram() {
  std::array<char, PATH_MAX> path;
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return size <= 0 ? "" : std::string(path.data(), size);
}

/// The path of a file in this folder of the source tree.
/// \error kNotFound naming the places that were searched.
absl::StatusOr<std::string> FindFile(absl::string_view name) {
  // If another workspace uses this repository under another name, its folder has that name.
  const std::string runfile =
      absl::StrCat(PDARTS_REPOSITORY, "/pdarts/datasets/cifar10_sample/", name);
  const std::string program = ThisProgram();
  std::string error;
  std::string looked;
  const auto find = [&](Runfiles* made) -> std::string {
    const std::unique_ptr<Runfiles> runfiles(made);
    if (runfiles == nullptr) {
      absl::StrAppend(&looked, looked.empty() ? "" : "; ", error);
      return "";
    }
    std::string path = runfiles->Rlocation(runfile);
    if (!path.empty() && access(path.c_str(), R_OK) == 0) return path;
    absl::StrAppend(&looked, looked.empty() ? "" : "; ", path.empty() ? runfile : path);
    return "";
  };
  // The runfiles in Bazel's environment variables are tried first, and the folder beside the
  // program afterwards, because the variables may belong to another Bazel program that started this
  // one.
  std::string path = find(Runfiles::Create(program, &error));
  if (path.empty()) path = find(Runfiles::Create(program, "", "", &error));
  if (!path.empty()) return path;
  return absl::NotFoundError(absl::StrCat(
      "cifar10_sample: ", name, " is not among the runfiles of ", program, " (looked for: ", looked,
      "); build and start the program with Bazel, or keep ", "its .runfiles folder beside it"));
}

class Cifar10Sample : public Dataset {
 public:
  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    PDARTS_ASSIGN_OR_RETURN(const std::string train, FindFile("train.bin"));
    PDARTS_ASSIGN_OR_RETURN(const std::string test, FindFile("test.bin"));
    const cifar::RecordFormat format = {{{"label", 10}}, 0};
    Sha256 checksum;
    DatasetSplits splits;
    const auto read = [&](const std::string& path,
                          int64_t images) -> absl::StatusOr<std::shared_ptr<const SampleSource>> {
      PDARTS_ASSIGN_OR_RETURN(cifar::Records records,
                              cifar::ReadRecords({{path, images}}, format, &checksum));
      return MakeMemorySource(std::move(records.images), std::move(records.labels), path);
    };
    if (!options.test_only) {
      PDARTS_ASSIGN_OR_RETURN(splits.train, read(train, 1000));
    }
    PDARTS_ASSIGN_OR_RETURN(splits.test, read(test, 200));
    splits.source = train.substr(0, train.rfind('/'));
    splits.checksum = absl::StrCat("sha256:", checksum.Hex());
    return splits;
  }

  const DatasetInfo info_ = cifar::Cifar10Info();
};

const bool registered = Registry<Dataset>::Register<cifar10_sample::Cifar10SampleConfig>(
    "cifar10_sample", "1,000 + 200 real images of CIFAR-10, part of the program",
    [](const cifar10_sample::Cifar10SampleConfig&) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      return std::make_unique<Cifar10Sample>();
    });

}  // namespace
}  // namespace pdarts
