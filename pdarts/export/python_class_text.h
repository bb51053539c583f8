#ifndef PDARTS_EXPORT_PYTHON_CLASS_TEXT_H_
#define PDARTS_EXPORT_PYTHON_CLASS_TEXT_H_

#include <string>

#include "pdarts/core/network_graph.h"
#include "pdarts/export/python_classes.h"

namespace pdarts {

/// The text of one of `classes`, up to the end of its method `forward`. `normalizes` tells whether
/// it is the class of the network and normalizes its input with MEAN and DEVIATION.
std::string PythonClassText(const NetworkGraph& graph, const PythonClasses& classes,
                            const PythonClass& written, bool normalizes);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_PYTHON_CLASS_TEXT_H_
