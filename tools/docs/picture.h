#ifndef TOOLS_DOCS_PICTURE_H_
#define TOOLS_DOCS_PICTURE_H_

#include <string>

#include "absl/status/statusor.h"

namespace pdarts {

/// Draws a graph in Graphviz's language as an SVG file that is readable on light and dark
/// backgrounds. \error kInvalidArgument with the message of Graphviz if the text is not a graph;
/// kInternal if it cannot be drawn.
absl::StatusOr<std::string> DrawPicture(const std::string& dot);

/// The content of a picture without numbers and blanks, because the places of its shapes differ
/// between versions of Graphviz.
std::string WithoutPlaces(const std::string& svg);

}  // namespace pdarts

#endif  // TOOLS_DOCS_PICTURE_H_
