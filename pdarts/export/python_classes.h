#ifndef PDARTS_EXPORT_PYTHON_CLASSES_H_
#define PDARTS_EXPORT_PYTHON_CLASSES_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "pdarts/core/network_graph.h"

namespace pdarts {

// The classes of the Python program of a graph.

/// A layer, a module or an operator without a name, in the body of a module.
struct PythonStatement {
  int node = -1;   ///< a node of the graph, or
  int child = -1;  ///< a module of the graph
  std::string path;
  std::vector<int> arguments;  ///< locals
};

/// The computation of a module. Its values are called locals. The parameters come first, followed
/// by the values of the statements.
struct PythonBody {
  int parameters = 0;
  std::vector<PythonStatement> statements;
  int output = 0;
  int auxiliary = -1;

  int local(size_t statement) const { return parameters + static_cast<int>(statement); }
  int num_locals() const { return local(statements.size()); }
};

/// A size of a layer or a module. It may differ between two modules of the same class.
struct PythonSize {
  std::string name;
  int64_t value = 0;
};

/// A class of the Python program. Its modules have one type and differ only in sizes.
struct PythonClass {
  std::string name;
  std::vector<int> modules;  ///< modules of the graph; the first one represents all
  PythonBody body;           ///< of the first module
  /// The sizes that differ and do not follow from others. They are the arguments of the
  /// constructor.
  std::vector<std::string> arguments;
  /// The sizes of all statements with a name, as expressions of the arguments.
  std::vector<std::vector<std::string>> sizes;
};

/// Assigns the modules of a graph to classes. Modules with the same type and the same body become
/// one class, whose arguments are the sizes that differ.
class PythonClasses {
 public:
  /// The graph must outlive this object.
  explicit PythonClasses(const NetworkGraph& graph);

  /// The classes. Each class follows the classes of the modules that it contains. The last class is
  /// the network, which is called "Network".
  const std::vector<PythonClass>& classes() const { return classes_; }
  const PythonClass& of(int module) const { return classes_[class_of_[module]]; }

 private:
  /// A text that is the same for modules that become one class.
  std::string Key(int module, const PythonBody& body) const;
  /// The sizes of a statement.
  std::vector<PythonSize> SizesOf(const PythonStatement& statement) const;
  /// Finds the sizes of a class that are arguments, and expresses the other sizes by them.
  void FindArguments(PythonClass* found);

  const NetworkGraph& graph_;
  std::vector<PythonClass> classes_;
  std::vector<int> class_of_;                       ///< index of the class, by module
  std::vector<std::vector<int64_t>> arguments_of_;  ///< values of the arguments, by module
  std::set<std::string> names_;                     ///< names of classes
};

/// Whether torch or the program has a module for the computation of a node, and the node has a
/// name.
bool IsLayer(const NetworkGraph::Node& node);

/// A path as an identifier: "ops_3" for "_ops.3".
std::string PythonIdentifier(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_PYTHON_CLASSES_H_
