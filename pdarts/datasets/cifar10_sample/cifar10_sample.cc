#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "pdarts/core/registry.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/datasets/cifar/records.h"
#include "pdarts/datasets/cifar10_sample/cifar10_sample.pb.h"
#include "tools/cpp/runfiles/runfiles.h"

namespace pdarts {
namespace {

using bazel::tools::cpp::runfiles::Runfiles;
using cifar10_sample::Cifar10SampleConfig;

/// The program itself, whatever it was called by: its runfiles lie beside it.
std::string ProgramPath() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

class Cifar10Sample : public Dataset {
 public:
  const DatasetInfo& info() const override { return info_; }

 private:
  absl::StatusOr<DatasetSplits> DoLoad(const LoadOptions& options) const override {
    std::string error;
    const std::unique_ptr<Runfiles> runfiles(Runfiles::Create(ProgramPath(), &error));
    if (runfiles == nullptr) {
      return absl::NotFoundError(absl::StrCat(
          "the CIFAR-10 sample lies among the program's runfiles, which aren't there: ", error));
    }
    const cifar::RecordFormat format = {{10}, 0};
    const auto file = [&](const std::string& name) {
      return runfiles->Rlocation("pdarts/pdarts/datasets/cifar10_sample/" + name);
    };
    Sha256 checksum;
    DatasetSplits splits;
    PDARTS_ASSIGN_OR_RETURN(splits.train,
                            cifar::ReadRecords({file("train.bin")}, format, 1000, &checksum));
    PDARTS_ASSIGN_OR_RETURN(splits.test,
                            cifar::ReadRecords({file("test.bin")}, format, 200, &checksum));
    splits.source = "pdarts/datasets/cifar10_sample";
    splits.checksum = absl::StrCat("sha256:", checksum.HexDigest());
    return splits;
  }

  const DatasetInfo info_ = cifar::Cifar10Info();
};

const bool registered = Registry<Dataset>::Register<Cifar10SampleConfig>(
    "cifar10_sample", "1,000 training and 200 test images of CIFAR-10, in the source tree",
    [](const Cifar10SampleConfig&) -> absl::StatusOr<std::unique_ptr<Dataset>> {
      return std::make_unique<Cifar10Sample>();
    });

}  // namespace
}  // namespace pdarts
