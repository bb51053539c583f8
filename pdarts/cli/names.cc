#include "pdarts/cli/names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/registry.h"
#include "pdarts/nn/kernels/variant.h"

namespace pdarts {

std::string PluginShortName(const google::protobuf::Any& config) {
  const std::string& url = config.type_url();
  const PluginInfo* info = PluginRegistry::Global().FindByConfig(url.substr(url.rfind('/') + 1));
  return info == nullptr ? url : info->short_name;
}

std::string KernelsName(Kernels kernels) {
  std::string name = absl::AsciiStrToLower(Kernels_Name(kernels));
  if (kernels != FUSED) return name;
  return absl::StrCat(name, "/", nn::KernelVariantName(nn::CurrentKernelVariant()));
}

}  // namespace pdarts
