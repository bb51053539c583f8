#ifndef PDARTS_BENCHMARKS_NASBENCH301_SHIPPED_MODEL_H_
#define PDARTS_BENCHMARKS_NASBENCH301_SHIPPED_MODEL_H_

namespace pdarts::nasbench301 {

/// The text of the model in the repository, and its name. A genrule converts the file to a source
/// file.
extern const char* const kShippedModel;
extern const char* const kShippedModelFile;

}  // namespace pdarts::nasbench301

#endif  // PDARTS_BENCHMARKS_NASBENCH301_SHIPPED_MODEL_H_
