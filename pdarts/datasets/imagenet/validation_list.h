#ifndef PDARTS_DATASETS_IMAGENET_VALIDATION_LIST_H_
#define PDARTS_DATASETS_IMAGENET_VALIDATION_LIST_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::imagenet {

/// Reads a list of the classes of validation images. Its lines are of one of these kinds:
///   ILSVRC2012_val_00000001.JPEG 65          a file and its class, from 0 in the synsets' order
///   ILSVRC2012_val_00000001,n01751748 ...    a file and its synset; what follows is left out
///   n01751748                                a synset: of the files in their names' order
/// Columns have spaces, tabs or commas between them. A first line of names of columns is left out.
/// \param files names of the validation images, sorted.
/// \param synsets all of them, sorted. The list may name any.
/// \return the class of each file that the list names, an index in `synsets`.
/// \error kInvalidArgument with the number of a line of another kind, with an unknown synset, or
/// with a file that is not among `files`; or if there are not as many synsets as files.
absl::StatusOr<std::map<std::string, int64_t>> ReadValidationList(
    absl::string_view text, const std::vector<std::string>& files,
    const std::vector<std::string>& synsets);

/// Reads the names of synsets from lines such as "n01440764 tench, Tinca tinca": the first of the
/// names that a line has. Other lines are left out.
std::map<std::string, std::string> ReadSynsetNames(absl::string_view text);

/// Whether a folder is called like a synset: "n" and eight digits.
bool IsSynset(absl::string_view name);

}  // namespace pdarts::imagenet

#endif  // PDARTS_DATASETS_IMAGENET_VALIDATION_LIST_H_
