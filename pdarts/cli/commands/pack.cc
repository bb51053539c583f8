#include "pdarts/pack/pack.h"

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/base/terminal_text.h"
#include "pdarts/cli/commands/commands.h"
#include "pdarts/sessions/status_line.h"

ABSL_FLAG(std::string, from, "", "DIR: folder of images, as the dataset image_folder reads it");
ABSL_FLAG(int, side, 256,
          "PIXELS: maximum length of an image's shorter side; larger images are shrunk");
ABSL_DECLARE_FLAG(std::string, to);

namespace pdarts {
namespace {

constexpr int kMostSide = 16384;

absl::Status RunPack(const std::vector<std::string>&) {
  PackOptions options;
  options.from = absl::GetFlag(FLAGS_from);
  options.to = absl::GetFlag(FLAGS_to);
  options.side = absl::GetFlag(FLAGS_side);
  if (options.from.empty() || options.to.empty()) {
    return absl::InvalidArgumentError(
        "pack needs a folder of images and a folder for the shards: --from=DIR --to=DIR");
  }
  if (options.side < 1 || options.side > kMostSide) {
    return absl::InvalidArgumentError(
        absl::StrCat("--side is ", options.side, ", expected 1 to ", kMostSide));
  }
  absl::StatusOr<PackReport> packed;
  {
    StatusLine line;
    options.progress = [&](int64_t done, int64_t all) {
      line.ShowPart(done, all,
                    [&] { return absl::StrFormat("%3d%% of %d images", 100 * done / all, all); });
    };
    packed = Pack(options);
  }
  if (!packed.ok()) return packed.status();
  std::cout << TerminalSafe(absl::StrFormat("%s: %d training and %d test images in %d shards",
                                            options.to, packed->train_images, packed->test_images,
                                            packed->shards));
  if (packed->kept_shards > 0) std::cout << ", " << packed->kept_shards << " of them kept";
  if (packed->left_out > 0) std::cout << "; " << packed->left_out << " images left out";
  std::cout << "\n";
  return absl::OkStatus();
}

}  // namespace

Command PackCommand() {
  return {"pack",
          "--from=DIR --to=DIR",
          "pack a folder of images into shards, which are read faster; repeat it to continue",
          {"from", "to", "side"},
          &RunPack,
          /*takes_arguments=*/false,
          {{"--from=/data/flowers --to=/data/flowers_shards", "for the dataset image_shards"},
           {"--from=/data/flowers --to=/data/flowers_64 --side=64", "smaller images"}},
          {{"to", "DIR: folder for the shards; it is created"}},
          /*flag_storage=*/{}};
}

}  // namespace pdarts
