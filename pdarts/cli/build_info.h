#ifndef PDARTS_CLI_BUILD_INFO_H_
#define PDARTS_CLI_BUILD_INFO_H_

namespace pdarts {

/// The version of pdarts, from the file VERSION: "0.1.0".
const char* BuildVersion();

/// The git commit that this program was built from, with "-dirty" if files differed from it;
/// "unknown" when built outside a checkout.
const char* BuildCommit();

}  // namespace pdarts

#endif  // PDARTS_CLI_BUILD_INFO_H_
