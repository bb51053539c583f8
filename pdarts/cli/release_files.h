#ifndef PDARTS_CLI_RELEASE_FILES_H_
#define PDARTS_CLI_RELEASE_FILES_H_

#include <string>

namespace pdarts {

/// Makes the libraries of a program of a release archive use the archive's files instead of the
/// system's, by environment variables:
///
/// FONTCONFIG_FILE and GVBINDIR name the archive's fonts and plugins of Graphviz, whatever they
/// named before, so that drawings are the same on every system. SSL_CERT_FILE, unless it is set,
/// names the system's certificates of authorities where they are in one of the usual places, else
/// the archive's.
///
/// Does nothing for a program that is not part of an archive. An archive (tools/release) is a
/// folder with the program in libexec/. Must be called before there are other threads.
/// \param program path of the program's file without symbolic links, as /proc/self/exe gives it
void UseReleaseFiles(const std::string& program);

}  // namespace pdarts

#endif  // PDARTS_CLI_RELEASE_FILES_H_
