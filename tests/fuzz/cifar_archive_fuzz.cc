// Input: archives of CIFAR's files.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/datasets/cifar/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = memfd_create("archive", 0);
  PCHECK(file >= 0);
  PCHECK(write(file, data, size) == static_cast<ssize_t>(size));
  const std::map<std::string, int64_t> wanted = {{"folder/a", 1000}, {"folder/b", 1000}};
  const auto files = pdarts::cifar::ReadArchive(absl::StrCat("/proc/self/fd/", file), wanted);
  if (files.ok()) {
    CHECK_EQ(files->size(), wanted.size());
    for (const auto& [name, bytes] : *files) CHECK_LE(bytes.size(), 1000u) << name;
  }
  close(file);
  return 0;
}
