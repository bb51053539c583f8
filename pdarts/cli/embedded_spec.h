#ifndef PDARTS_CLI_EMBEDDED_SPEC_H_
#define PDARTS_CLI_EMBEDDED_SPEC_H_

namespace pdarts {

/// The text of the spec of a pdarts_experiment target, and the name of the spec's file. The macro
/// generates a source file that defines them.
extern const char* const kEmbeddedSpec;
extern const char* const kEmbeddedSpecFile;

}  // namespace pdarts

#endif  // PDARTS_CLI_EMBEDDED_SPEC_H_
