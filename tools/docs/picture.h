#ifndef TOOLS_DOCS_PICTURE_H_
#define TOOLS_DOCS_PICTURE_H_

#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// Draws a graph in Graphviz's language as a file of SVG that is readable on light and dark
/// grounds. \error kInvalidArgument with Graphviz's own words if the text is no graph; kInternal if
/// it can't be drawn.
absl::StatusOr<std::string> DrawPicture(const std::string& dot);

/// What a picture shows, without numbers and blanks: the places of its shapes differ between
/// versions of Graphviz.
std::string WithoutPlaces(const std::string& svg);

}  // namespace pdarts

#endif  // TOOLS_DOCS_PICTURE_H_
