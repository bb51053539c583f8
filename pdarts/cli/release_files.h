#ifndef PDARTS_CLI_RELEASE_FILES_H_
#define PDARTS_CLI_RELEASE_FILES_H_

#include <string>

namespace pdarts {

/// If a program belongs to a release archive, this function sets environment variables so that the
/// program's libraries use the files of the archive instead of those of the system.
///
/// FONTCONFIG_FILE and GVBINDIR are always set to the archive's fonts and plugins of Graphviz, so
/// that drawings are the same on every system. SSL_CERT_FILE, unless it is set, is set to the
/// system's file of certificates if it is in one of the usual places, otherwise to the archive's
/// file.
///
/// If the program does not belong to an archive, the function does nothing. An archive
/// (tools/release) is a folder with the program in libexec/. The function must be called before
/// other threads exist.
/// \param program the path of the program's file without symbolic links, as /proc/self/exe gives it
void UseReleaseFiles(const std::string& program);

}  // namespace pdarts

#endif  // PDARTS_CLI_RELEASE_FILES_H_
