#ifndef PDARTS_EXPORT_PYTHON_MODULE_H_
#define PDARTS_EXPORT_PYTHON_MODULE_H_

#include <string>

#include "pdarts/core/network_graph.h"
#include "pdarts/export/exported_model.h"

namespace pdarts {

/// A Python program that defines the network with nothing but torch, loads its weights, classifies
/// images and can be trained further. Modules of one type become one class; sizes that differ
/// become arguments. Formatted as black formats it.
/// graph: as Network::Describe gives it.
std::string PythonModule(const NetworkGraph& graph, const ExportedModel& model);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_PYTHON_MODULE_H_
