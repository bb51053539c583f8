#ifndef PDARTS_SESSIONS_BUILD_INFO_H_
#define PDARTS_SESSIONS_BUILD_INFO_H_

namespace pdarts {

/// The version of pdarts, from the file VERSION: "0.1.0".
const char* BuildVersion();

/// The git commit of the sources of this program. "-dirty" is appended if files differed from the
/// commit. The result is "unknown" if the program was built outside of a checkout.
const char* BuildCommit();

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_BUILD_INFO_H_
