#ifndef PDARTS_DATASETS_IMAGENET_VALIDATION_LIST_H_
#define PDARTS_DATASETS_IMAGENET_VALIDATION_LIST_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace pdarts::imagenet {

/// Reads a list of the classes of validation images. The lines have one of these forms:
///   ILSVRC2012_val_00000001.JPEG 65          a file and its class, from 0 in the order of the
///   synsets ILSVRC2012_val_00000001,n01751748 ...    a file and its synset; the rest of the line
///   is ignored n01751748                                a synset; the files are in the order of
///   their names
/// Spaces, tabs or commas separate the columns. A first line with names of columns is ignored.
/// \param files names of the validation images, sorted.
/// \param synsets all synsets, sorted. The list may contain any of them.
/// \return the class of each file in the list, as an index in `synsets`.
/// \error kInvalidArgument with the number of a line that has another form, an unknown synset, or a
/// file that is not among `files`; or if the numbers of synsets and of files differ.
absl::StatusOr<std::map<std::string, int64_t>> ReadValidationList(
    absl::string_view text, const std::vector<std::string>& files,
    const std::vector<std::string>& synsets);

/// Reads the names of synsets from lines such as "n01440764 tench, Tinca tinca". The first name in
/// a line is used. Other lines are ignored.
std::map<std::string, std::string> ReadSynsetNames(absl::string_view text);

/// Whether the name of a folder has the form of a synset: "n" and eight digits.
bool IsSynset(absl::string_view name);

}  // namespace pdarts::imagenet

#endif  // PDARTS_DATASETS_IMAGENET_VALIDATION_LIST_H_
