#ifndef PDARTS_CLI_EMBEDDED_SPEC_H_
#define PDARTS_CLI_EMBEDDED_SPEC_H_

namespace pdarts {

/// The text of the spec that a pdarts_experiment target is made of, and its file's name. Defined by
/// a source that the macro generates.
extern const char* const kEmbeddedSpec;
extern const char* const kEmbeddedSpecFile;

}  // namespace pdarts

#endif  // PDARTS_CLI_EMBEDDED_SPEC_H_
