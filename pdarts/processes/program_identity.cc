#include "pdarts/processes/program_identity.h"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "pdarts/base/sha256.h"
#include "pdarts/base/status_macros.h"

namespace pdarts {
namespace {

struct Wanted {
  std::string file;  ///< the end of the library's path, with the slash before its name
  std::string build_id;
};

/// The build ID in the notes of a loaded library; empty if there is none.
std::string BuildIdIn(const char* notes, size_t size) {
  const auto aligned = [](size_t length) { return (length + 3) & ~size_t{3}; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes, sizeof(header));
    const size_t name = aligned(header.n_namesz), content = aligned(header.n_descsz);
    if (size < sizeof(header) + name + content) break;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
        std::memcmp(notes + sizeof(header), "GNU", 4) == 0) {
      return absl::BytesToHexString({notes + sizeof(header) + name, header.n_descsz});
    }
    notes += sizeof(header) + name + content;
    size -= sizeof(header) + name + content;
  }
  return "";
}

int LookAt(dl_phdr_info* library, size_t, void* data) {
  auto* wanted = static_cast<Wanted*>(data);
  if (!absl::EndsWith(absl::StrCat("/", library->dlpi_name), wanted->file)) return 0;
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = library->dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const char* notes = reinterpret_cast<const char*>(library->dlpi_addr + part.p_vaddr);
    if (wanted->build_id.empty()) wanted->build_id = BuildIdIn(notes, part.p_memsz);
  }
  return 1;
}

}  // namespace

absl::StatusOr<std::string> ExecutableChecksum() {
  PDARTS_ASSIGN_OR_RETURN(const std::string program, ReadFile("/proc/self/exe"));
  return Sha256Of(program).Hex();
}

std::string LibraryBuildId(absl::string_view name) {
  Wanted wanted = {absl::StrCat("/", name), ""};
  dl_iterate_phdr(&LookAt, &wanted);
  return wanted.build_id;
}

}  // namespace pdarts
