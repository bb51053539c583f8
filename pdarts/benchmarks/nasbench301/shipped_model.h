#ifndef PDARTS_BENCHMARKS_NASBENCH301_SHIPPED_MODEL_H_
#define PDARTS_BENCHMARKS_NASBENCH301_SHIPPED_MODEL_H_

namespace pdarts::nasbench301 {

/// The text of the committed model, which a genrule makes into a source file, and its name.
extern const char* const kShippedModel;
extern const char* const kShippedModelFile;

}  // namespace pdarts::nasbench301

#endif  // PDARTS_BENCHMARKS_NASBENCH301_SHIPPED_MODEL_H_
