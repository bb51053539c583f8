#ifndef PDARTS_EXPORT_PYTHON_CLASSES_H_
#define PDARTS_EXPORT_PYTHON_CLASSES_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "pdarts/core/network_graph.h"

namespace pdarts {

// The classes of the Python program that a graph becomes.

/// A layer, a module or an operator without a name, in the body of a module.
struct PythonStatement {
  int node = -1;   ///< of the graph, or
  int child = -1;  ///< a module of the graph
  std::string path;
  std::vector<int> arguments;  ///< locals
};

/// What a module computes, in values of its own: locals. First come its parameters, then what the
/// statements give.
struct PythonBody {
  int parameters = 0;
  std::vector<PythonStatement> statements;
  int output = 0;
  int auxiliary = -1;

  int local(size_t statement) const { return parameters + static_cast<int>(statement); }
  int num_locals() const { return local(statements.size()); }
};

/// A size of a layer or a module that may differ between two of the same class.
struct PythonSize {
  std::string name;
  int64_t value = 0;
};

/// A class of the Python program: modules of one type that differ only in sizes.
struct PythonClass {
  std::string name;
  std::vector<int> modules;  ///< of the graph; the first stands for all
  PythonBody body;           ///< of the first
  /// The sizes in it that differ and don't follow from others: its constructor's arguments.
  std::vector<std::string> arguments;
  /// The sizes of all its statements that have a name, as expressions of the arguments.
  std::vector<std::vector<std::string>> sizes;
};

/// Which modules of a graph are of which class: those of the same type and the same body become one
/// class, whose arguments are the sizes that differ.
class PythonClasses {
 public:
  /// The graph must outlive this.
  explicit PythonClasses(const NetworkGraph& graph);

  /// Each after those that its modules contain. The last is the network, which is called "Network".
  const std::vector<PythonClass>& classes() const { return classes_; }
  const PythonClass& of(int module) const { return classes_[class_of_[module]]; }

 private:
  /// The same for modules that become one class.
  std::string Key(int module, const PythonBody& body) const;
  /// The sizes of a statement.
  std::vector<PythonSize> SizesOf(const PythonStatement& statement) const;
  /// Finds which sizes of a class are arguments, and writes the others by them.
  void FindArguments(PythonClass* found);

  const NetworkGraph& graph_;
  std::vector<PythonClass> classes_;
  std::vector<int> class_of_;                       ///< by module
  std::vector<std::vector<int64_t>> arguments_of_;  ///< by module
  std::set<std::string> names_;                     ///< of classes
};

/// Whether torch or the program has a module for what a node computes, and the node has a name.
bool IsLayer(const NetworkGraph::Node& node);

/// A path as a name: "ops_3" of "_ops.3".
std::string PythonIdentifier(const std::string& path);

}  // namespace pdarts

#endif  // PDARTS_EXPORT_PYTHON_CLASSES_H_
