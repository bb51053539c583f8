#ifndef PDARTS_EXPORT_PYTHON_MODULE_H_
#define PDARTS_EXPORT_PYTHON_MODULE_H_

#include <string>

#include "pdarts/core/network_graph.h"
#include "pdarts/export/exported_model.h"

namespace pdarts {

/// A Python program that needs only torch. It defines the network, loads its weights, classifies
/// images, and can train the network further. Modules of one type become one class. Sizes that
/// differ become arguments. The program is formatted like black does. `graph` is the result of
/// Network::Describe.
std::string PythonModule(const NetworkGraph& graph, const ExportedModel& model);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_PYTHON_MODULE_H_
