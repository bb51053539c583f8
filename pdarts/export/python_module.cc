#include "pdarts/export/python_module.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/export/number_text.h"
#include "pdarts/export/python_layout.h"

namespace pdarts {
namespace {

using Node = NetworkGraph::Node;

// Bodies of modules.

/// A layer, a module or an operator without a name, in the body of a module.
struct Statement {
  int node = -1;   ///< of the graph, or
  int child = -1;  ///< a module of the graph
  std::string path;
  std::vector<int> arguments;  ///< locals
};

/// What a module computes, in values of its own: locals. First come its parameters, then what the
/// statements give.
struct Body {
  int parameters = 0;
  std::vector<Statement> statements;
  int output = 0;
  int auxiliary = -1;

  int local(size_t statement) const { return parameters + static_cast<int>(statement); }
  int num_locals() const { return local(statements.size()); }
};

Body ReadBody(const NetworkGraph& graph, int index) {
  const NetworkGraph::Module& module = graph.modules[index];
  Body body;
  std::map<int, int> locals;
  for (const int input : module.inputs) locals[input] = body.parameters++;
  for (int i = module.first_node; i < module.end_node;) {
    const Node& node = graph.nodes[i];
    if (locals.count(i + 1) != 0) {  // a parameter
      ++i;
      continue;
    }
    Statement statement;
    int value = i + 1;
    if (node.module == index) {
      statement.node = i;
      statement.path = node.path;
      for (const int input : node.inputs) statement.arguments.push_back(locals.at(input));
      ++i;
    } else {
      int child = node.module;
      while (graph.modules[child].parent != index) child = graph.modules[child].parent;
      const NetworkGraph::Module& part = graph.modules[child];
      statement.child = child;
      statement.path = part.path;
      for (const int input : part.inputs) {
        statement.arguments.push_back(locals.at(graph.nodes[input - 1].inputs[0]));
      }
      value = part.output;
      i = part.end_node;
    }
    locals[value] = body.local(body.statements.size());
    body.statements.push_back(std::move(statement));
  }
  body.output = locals.at(module.output);
  if (index == 0 && graph.auxiliary >= 0) body.auxiliary = locals.at(graph.auxiliary);
  return body;
}

// Layers.

/// A size of a layer or a module that may differ between two of the same class.
struct Size {
  std::string name;
  int64_t value = 0;
};

/// Whether torch or this file has a module for an operator that has a name.
bool IsLayer(const Node& node) {
  if (node.path.empty()) return false;
  return !std::holds_alternative<graph::GlobalAveragePool>(node.op) &&
         !std::holds_alternative<graph::Crop>(node.op) &&
         !std::holds_alternative<graph::DropPath>(node.op) &&
         !std::holds_alternative<graph::Sum>(node.op) &&
         !std::holds_alternative<graph::Concat>(node.op);
}

/// The sizes of an operator, and what it is beside them.
struct Traits {
  std::string kind;
  std::vector<Size> sizes;
};

struct TraitsOf {
  Traits operator()(const graph::Convolution& c) const {
    return {c.bias.defined() ? "convolution with bias" : "convolution",
            {{"in_channels", c.weight.size(1) * c.groups},
             {"out_channels", c.weight.size(0)},
             {"kernel", c.weight.size(2)},
             {"stride", c.stride},
             {"padding", c.padding},
             {"dilation", c.dilation},
             {"groups", c.groups}}};
  }
  Traits operator()(const graph::BatchNorm& b) const {
    return {absl::StrCat("batch norm ", b.weight.defined() ? "affine " : "", NumberText(b.epsilon),
                         " ", NumberText(b.momentum)),
            {{"channels", b.mean.size(0)}}};
  }
  Traits operator()(const graph::Linear& l) const {
    return {"linear", {{"in_features", l.weight.size(1)}, {"out_features", l.weight.size(0)}}};
  }
  Traits operator()(const graph::Relu&) const { return {"relu", {}}; }
  Traits operator()(const graph::Pool& p) const {
    return {p.kind == graph::Pool::Kind::kMax ? "max pool" : "average pool",
            {{"kernel", p.kernel}, {"stride", p.stride}, {"padding", p.padding}}};
  }
  Traits operator()(const graph::GlobalAveragePool&) const { return {"mean", {}}; }
  Traits operator()(const graph::Flatten&) const { return {"flatten", {}}; }
  Traits operator()(const graph::Crop& c) const {
    return {"crop", {{"top", c.top}, {"left", c.left}}};
  }
  Traits operator()(const graph::Identity&) const { return {"identity", {}}; }
  Traits operator()(const graph::Zero& z) const { return {"zero", {{"stride", z.stride}}}; }
  Traits operator()(const graph::DropPath&) const { return {"drop path", {}}; }
  Traits operator()(const graph::Sum&) const { return {"sum", {}}; }
  Traits operator()(const graph::Concat&) const { return {"concat", {}}; }
};

Traits TraitsOfNode(const Node& node) { return std::visit(TraitsOf(), node.op); }

bool CountsChannels(const std::string& size) {
  static const auto* const names = new std::set<std::string>{
      "in_channels", "out_channels", "channels", "groups", "in_features", "out_features"};
  for (const std::string& name : *names) {
    if (size == name || absl::EndsWith(size, absl::StrCat("_", name))) return true;
  }
  return false;
}

/// Expressions that are texts alone.
std::vector<PythonExpression> Texts(const std::vector<std::string>& texts) {
  std::vector<PythonExpression> expressions;
  for (const std::string& text : texts) expressions.push_back(PythonExpression{text});
  return expressions;
}

PythonExpression Call(const std::string& function, std::vector<PythonExpression> arguments) {
  return {absl::StrCat(function, "("), std::move(arguments), ")"};
}

PythonExpression List(std::vector<PythonExpression> items) { return {"[", std::move(items), "]"}; }

/// Adds `name=value` unless the value is torch's default.
void AddKeyword(const std::string& name, const std::string& value, const std::string& usual,
                std::vector<PythonExpression>* arguments) {
  if (value != usual) arguments->push_back(PythonExpression{absl::StrCat(name, "=", value)});
}

/// What makes a pool: the class or the function, and its arguments behind the input.
std::vector<PythonExpression> PoolArguments(const graph::Pool& pool,
                                            const std::vector<std::string>& sizes) {
  std::vector<PythonExpression> arguments = Texts({sizes[0]});
  AddKeyword("stride", sizes[1], sizes[0], &arguments);
  AddKeyword("padding", sizes[2], "0", &arguments);
  if (pool.kind == graph::Pool::Kind::kAverage && sizes[2] != "0") {
    arguments.push_back(PythonExpression{"count_include_pad=False"});
  }
  return arguments;
}

/// Makes the module of a layer. sizes: the expressions of its sizes.
PythonExpression MakeLayer(const graph::Operator& op, const std::vector<std::string>& sizes) {
  if (const auto* c = std::get_if<graph::Convolution>(&op)) {
    std::vector<PythonExpression> arguments = Texts({sizes[0], sizes[1], sizes[2]});
    AddKeyword("stride", sizes[3], "1", &arguments);
    AddKeyword("padding", sizes[4], "0", &arguments);
    AddKeyword("dilation", sizes[5], "1", &arguments);
    AddKeyword("groups", sizes[6], "1", &arguments);
    if (!c->bias.defined()) arguments.push_back(PythonExpression{"bias=False"});
    return Call("nn.Conv2d", std::move(arguments));
  }
  if (const auto* b = std::get_if<graph::BatchNorm>(&op)) {
    std::vector<PythonExpression> arguments = Texts({sizes[0]});
    AddKeyword("eps", NumberText(b->epsilon), "1e-05", &arguments);
    AddKeyword("momentum", NumberText(b->momentum), "0.1", &arguments);
    if (!b->weight.defined()) arguments.push_back(PythonExpression{"affine=False"});
    return Call("nn.BatchNorm2d", std::move(arguments));
  }
  if (std::holds_alternative<graph::Linear>(op)) {
    return Call("nn.Linear", Texts({sizes[0], sizes[1]}));
  }
  if (const auto* p = std::get_if<graph::Pool>(&op)) {
    return Call(p->kind == graph::Pool::Kind::kMax ? "nn.MaxPool2d" : "nn.AvgPool2d",
                PoolArguments(*p, sizes));
  }
  if (std::holds_alternative<graph::Zero>(op)) return Call("Zero", Texts({sizes[0]}));
  if (std::holds_alternative<graph::Relu>(op)) return PythonExpression{"nn.ReLU()"};
  if (std::holds_alternative<graph::Flatten>(op)) return PythonExpression{"nn.Flatten()"};
  CHECK(std::holds_alternative<graph::Identity>(op));
  return PythonExpression{"nn.Identity()"};
}

/// "x[:, :, 1:, 1:]".
std::string Sliced(const std::string& x, const std::string& rows, const std::string& columns) {
  return absl::StrCat(x, "[:, :, ", rows, ", ", columns, "]");
}

/// Computes an operator that has no module. inputs: expressions; sizes: of its traits.
PythonExpression Compute(const graph::Operator& op, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& sizes) {
  const std::string& x = inputs[0];
  if (std::holds_alternative<graph::Relu>(op)) return Call("torch.relu", Texts({x}));
  if (const auto* p = std::get_if<graph::Pool>(&op)) {
    std::vector<PythonExpression> arguments = PoolArguments(*p, sizes);
    arguments.insert(arguments.begin(), PythonExpression{x});
    return Call(p->kind == graph::Pool::Kind::kMax ? "nn.functional.max_pool2d"
                                                   : "nn.functional.avg_pool2d",
                std::move(arguments));
  }
  if (std::holds_alternative<graph::GlobalAveragePool>(op)) {
    return PythonExpression{absl::StrCat(x, ".mean((2, 3))")};
  }
  if (std::holds_alternative<graph::Flatten>(op))
    return PythonExpression{absl::StrCat(x, ".flatten(1)")};
  if (std::holds_alternative<graph::Crop>(op)) {
    const auto from = [](const std::string& first) {
      return first == "0" ? ":" : absl::StrCat(first, ":");
    };
    return PythonExpression{Sliced(x, from(sizes[0]), from(sizes[1]))};
  }
  if (std::holds_alternative<graph::Zero>(op)) {
    if (sizes[0] == "1") return Call("torch.zeros_like", Texts({x}));
    const std::string step = absl::StrCat("::", sizes[0]);
    return Call("torch.zeros_like", Texts({Sliced(x, step, step)}));
  }
  if (std::holds_alternative<graph::DropPath>(op)) return Call("self.drop_path", Texts({x}));
  if (std::holds_alternative<graph::Concat>(op)) {
    return Call("torch.cat", {List(Texts(inputs)), PythonExpression{"1"}});
  }
  CHECK(std::holds_alternative<graph::Identity>(op));
  return PythonExpression{x};
}

// Classes.

/// A path as a name: "ops_3" of "_ops.3".
std::string Identifier(const std::string& path) {
  std::string name;
  for (const char c : path) name += absl::ascii_isalnum(c) ? c : '_';
  name.erase(0, std::min(name.find_first_not_of('_'), name.size()));
  return name.empty() || absl::ascii_isdigit(name[0]) ? absl::StrCat("part_", name) : name;
}

/// A class of the Python program: modules of one type that differ only in sizes.
struct PythonClass {
  std::string name;
  std::vector<int> modules;  ///< of the graph; the first stands for all
  Body body;                 ///< of the first
  /// The sizes in it that differ and don't follow from others: its constructor's arguments.
  std::vector<std::string> arguments;
  /// The sizes of all its statements that have a name, as expressions of the arguments.
  std::vector<std::vector<std::string>> sizes;
};

/// Which modules are of which class.
class Classes {
 public:
  explicit Classes(const NetworkGraph& graph)
      : graph_(graph),
        class_of_(graph.modules.size(), -1),
        arguments_of_(graph.modules.size()),
        names_({kNetwork, "DropPath", "Zero"}) {
    const int count = static_cast<int>(graph.modules.size());
    std::vector<int> heights(count, 0);
    for (int m = count - 1; m > 0; --m) {
      int& outer = heights[graph.modules[m].parent];
      outer = std::max(outer, heights[m] + 1);
    }
    for (int height = 0; height <= heights[0]; ++height) {
      std::map<std::string, int> known;
      const size_t first = classes_.size();
      for (int m = 0; m < count; ++m) {
        if (heights[m] != height) continue;
        Body body = ReadBody(graph_, m);
        const auto [place, is_new] = known.emplace(Key(m, body), static_cast<int>(classes_.size()));
        if (is_new) {
          PythonClass& added = classes_.emplace_back();
          added.name = m == 0 ? kNetwork : NewName(graph_.modules[m].type);
          added.body = std::move(body);
        }
        class_of_[m] = place->second;
        classes_[place->second].modules.push_back(m);
      }
      for (size_t c = first; c < classes_.size(); ++c) FindArguments(&classes_[c]);
    }
  }

  /// Each after those that its modules contain. The last is the network.
  const std::vector<PythonClass>& classes() const { return classes_; }
  const PythonClass& of(int module) const { return classes_[class_of_[module]]; }

 private:
  /// What the rest of the program calls the network's class.
  static constexpr char kNetwork[] = "Network";

  std::string NewName(const std::string& type) {
    std::string name = type;
    for (int i = 2; !names_.insert(name).second; ++i) name = absl::StrCat(type, i);
    return name;
  }

  /// The same for modules that become one class.
  std::string Key(int m, const Body& body) const {
    std::string key = absl::StrCat(graph_.modules[m].type, "(", body.parameters, ")");
    for (const Statement& statement : body.statements) {
      absl::StrAppend(&key, ";", statement.path, "=");
      if (statement.child >= 0) {
        absl::StrAppend(&key, "class ", class_of_[statement.child]);
      } else {
        const Node& node = graph_.nodes[statement.node];
        const Traits traits = TraitsOfNode(node);
        absl::StrAppend(&key, traits.kind);
        if (!IsLayer(node)) {
          for (const Size& size : traits.sizes) absl::StrAppend(&key, " ", size.value);
        }
      }
      absl::StrAppend(&key, "(", absl::StrJoin(statement.arguments, ","), ")");
    }
    return absl::StrCat(key, "->", body.output, ",", body.auxiliary);
  }

  /// The sizes of a statement.
  std::vector<Size> SizesOf(const Statement& statement) const {
    if (statement.child < 0) return TraitsOfNode(graph_.nodes[statement.node]).sizes;
    std::vector<Size> sizes;
    const PythonClass& of_child = of(statement.child);
    for (size_t a = 0; a < of_child.arguments.size(); ++a) {
      sizes.push_back({of_child.arguments[a], arguments_of_[statement.child][a]});
    }
    return sizes;
  }

  /// Sizes of a class that are the same in each of its modules.
  struct Group {
    std::vector<int64_t> values;  ///< by module
    std::vector<std::string> names;
    std::string path;  ///< of the statement that has the first of them
    int base = -1;     ///< a group of which this is a multiple or a divisor
    std::string expression;

    bool CountsChannels() const { return pdarts::CountsChannels(names[0]); }
    std::string name() const {
      const bool one = std::all_of(names.begin(), names.end(),
                                   [&](const std::string& name) { return name == names[0]; });
      return one || !CountsChannels() ? names[0] : "channels";
    }
    bool Takes(const std::string& name, const std::vector<int64_t>& others) const {
      if (values != others) return false;
      return name == names[0] || (CountsChannels() && pdarts::CountsChannels(name));
    }
  };

  void FindArguments(PythonClass* found) {
    // The sizes by module, statement and place.
    std::vector<std::vector<std::vector<Size>>> sizes;
    for (const int m : found->modules) {
      const Body body = ReadBody(graph_, m);
      std::vector<std::vector<Size>>& of_module = sizes.emplace_back();
      for (const Statement& statement : body.statements) {
        of_module.push_back(SizesOf(statement));
      }
    }
    std::vector<Group> groups;
    // By statement and place: the group, or -1 where the size is the same in all modules.
    std::vector<std::vector<int>> group_of;
    for (size_t s = 0; s < found->body.statements.size(); ++s) {
      std::vector<int>& of_statement = group_of.emplace_back();
      for (size_t i = 0; i < sizes[0][s].size(); ++i) {
        const std::string& name = sizes[0][s][i].name;
        std::vector<int64_t> values;
        for (const auto& of_module : sizes) values.push_back(of_module[s][i].value);
        if (std::all_of(values.begin(), values.end(),
                        [&](int64_t value) { return value == values[0]; })) {
          of_statement.push_back(-1);
          continue;
        }
        size_t g = 0;
        while (g < groups.size() && !groups[g].Takes(name, values)) ++g;
        if (g == groups.size()) {
          groups.emplace_back();
          groups[g].values = values;
          groups[g].path = found->body.statements[s].path;
        }
        groups[g].names.push_back(name);
        of_statement.push_back(static_cast<int>(g));
      }
    }
    FindMultiples(&groups);
    NameArguments(groups, found);
    size_t argument = 0;
    for (Group& group : groups) {
      if (group.base < 0) group.expression = found->arguments[argument++];
    }
    for (Group& group : groups) {
      if (group.base < 0) continue;
      const Group& base = groups[group.base];
      group.expression =
          group.values[0] > base.values[0]
              ? absl::StrCat(group.values[0] / base.values[0], " * ", base.expression)
              : absl::StrCat(base.expression, " // ", base.values[0] / group.values[0]);
    }
    for (size_t s = 0; s < group_of.size(); ++s) {
      std::vector<std::string>& expressions = found->sizes.emplace_back();
      for (size_t i = 0; i < group_of[s].size(); ++i) {
        expressions.push_back(group_of[s][i] < 0 ? absl::StrCat(sizes[0][s][i].value)
                                                 : groups[group_of[s][i]].expression);
      }
    }
    for (size_t m = 0; m < found->modules.size(); ++m) {
      for (const Group& group : groups) {
        if (group.base < 0) arguments_of_[found->modules[m]].push_back(group.values[m]);
      }
    }
  }

  /// Whether `more` is the same multiple of `less` in all modules.
  static bool IsMultiple(const std::vector<int64_t>& more, const std::vector<int64_t>& less) {
    if (less[0] <= 0 || more[0] < 2 * less[0]) return false;
    const int64_t factor = more[0] / less[0];
    for (size_t i = 0; i < more.size(); ++i) {
      if (more[i] != factor * less[i]) return false;
    }
    return true;
  }

  /// Sets the bases. The group that is called "channels" comes first: others follow from it.
  static void FindMultiples(std::vector<Group>* groups) {
    std::vector<int> bases;
    for (const bool plain : {true, false}) {
      for (size_t g = 0; g < groups->size(); ++g) {
        Group& group = (*groups)[g];
        if (!group.CountsChannels() || (group.name() == "channels") != plain) continue;
        for (const int base : bases) {
          const std::vector<int64_t>& values = (*groups)[base].values;
          if (IsMultiple(group.values, values) || IsMultiple(values, group.values)) {
            group.base = base;
            break;
          }
        }
        if (group.base < 0) bases.push_back(static_cast<int>(g));
      }
    }
  }

  static void NameArguments(const std::vector<Group>& groups, PythonClass* found) {
    std::map<std::string, int> counts;
    for (const Group& group : groups) {
      if (group.base < 0) ++counts[group.name()];
    }
    std::set<std::string> used;
    for (const Group& group : groups) {
      if (group.base >= 0) continue;
      std::string plain = group.name();
      if (counts[plain] > 1) {
        plain = absl::StrCat(Identifier(group.path), "_", plain);
      }
      std::string name = plain;
      for (int i = 2; !used.insert(name).second; ++i) name = absl::StrCat(plain, "_", i);
      found->arguments.push_back(name);
    }
  }

  const NetworkGraph& graph_;
  std::vector<PythonClass> classes_;
  std::vector<int> class_of_;                       ///< by module
  std::vector<std::vector<int64_t>> arguments_of_;  ///< by module
  std::set<std::string> names_;                     ///< of classes
};

// Text of a class.

/// The children of a module, or of a container in it.
struct Part {
  std::string name;
  int statement = -1;       ///< of a layer or module; -1 of a container
  std::vector<Part> parts;  ///< of a container

  /// Whether they are called "0", "1", and so on. Puts them in this order.
  bool SortIfList() {
    std::vector<std::pair<int, size_t>> numbers;
    for (size_t i = 0; i < parts.size(); ++i) {
      int number = 0;
      if (!absl::SimpleAtoi(parts[i].name, &number) || absl::StrCat(number) != parts[i].name) {
        return false;
      }
      numbers.emplace_back(number, i);
    }
    std::sort(numbers.begin(), numbers.end());
    std::vector<Part> sorted;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i].first != static_cast<int>(i)) return false;
      sorted.push_back(parts[numbers[i].second]);
    }
    parts = std::move(sorted);
    return true;
  }
};

bool IsName(const std::string& text) {
  return !text.empty() && !absl::ascii_isdigit(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

/// Writes a class.
class ClassWriter {
 public:
  /// normalizes: whether the class is a network that normalizes its input.
  ClassWriter(const NetworkGraph& graph, const Classes& classes, const PythonClass& written,
              bool normalizes)
      : graph_(graph),
        classes_(classes),
        class_(written),
        body_(written.body),
        is_network_(written.modules[0] == 0),
        normalizes_(normalizes) {
    for (size_t s = 0; s < body_.statements.size(); ++s) {
      if (IsPart(body_.statements[s])) Insert(static_cast<int>(s));
    }
    CountUses();
    is_inner_.assign(body_.statements.size(), false);
    in_sequence_.resize(body_.statements.size());
    for (Part& part : root_.parts) FindAccess(&part, "self");
  }

  /// The class with its line ends, up to the end of its method forward.
  std::string Text() {
    std::string text = absl::StrCat("class ", class_.name, "(nn.Module):\n");
    if (is_network_) {
      absl::StrAppend(&text, "    \"\"\"The network. Its state dict is that of pdarts.\"\"\"\n\n");
    }
    PythonExpression head{"def __init__(", Texts({"self"}), "):"};
    for (const std::string& argument : class_.arguments) {
      head.items.push_back(PythonExpression{argument});
    }
    absl::StrAppend(&text, "    ", LayOut(head, 4, 0, 0), "\n        super().__init__()\n");
    if (normalizes_) {
      for (const char* const name : {"mean", "deviation"}) {
        absl::StrAppend(&text, "        ", name, " = torch.tensor(", absl::AsciiStrToUpper(name),
                        ").view(1, -1, 1, 1)\n", "        self.register_buffer(\"", name, "\", ",
                        name, ", persistent=False)\n");
      }
    }
    if (DropsPaths()) absl::StrAppend(&text, "        self.drop_path = DropPath()\n");
    for (const Part& part : root_.parts) {
      const PythonExpression made = Make(part);
      if (IsName(part.name)) {
        const std::string target = absl::StrCat("self.", part.name, " = ");
        absl::StrAppend(&text, "        ", target, LayOut(made, 8, target.size(), 0), "\n");
      } else {
        const PythonExpression call =
            Call("self.add_module", {PythonExpression{PythonText(part.name)}, made});
        absl::StrAppend(&text, "        ", LayOut(call, 8, 0, 0), "\n");
      }
    }
    return absl::StrCat(text, "\n", Forward());
  }

 private:
  bool IsPart(const Statement& statement) const {
    return statement.child >= 0 || IsLayer(graph_.nodes[statement.node]);
  }

  bool DropsPaths() const {
    return std::any_of(
        body_.statements.begin(), body_.statements.end(), [&](const Statement& statement) {
          return statement.node >= 0 &&
                 std::holds_alternative<graph::DropPath>(graph_.nodes[statement.node].op);
        });
  }

  void Insert(int statement) {
    const std::vector<std::string> names = absl::StrSplit(body_.statements[statement].path, '.');
    Part* part = &root_;
    for (const std::string& name : names) {
      const auto known = std::find_if(part->parts.begin(), part->parts.end(),
                                      [&](const Part& other) { return other.name == name; });
      if (known != part->parts.end()) {
        part = &*known;
      } else {
        part = &part->parts.emplace_back();
        part->name = name;
      }
    }
    if (part->statement < 0) part->statement = statement;  // else a layer that is used again
  }

  /// Which statements the values need, and how often values are used by these.
  void CountUses() {
    is_needed_.assign(body_.statements.size(), false);
    is_for_auxiliary_.assign(body_.statements.size(), false);
    MarkNeeded(body_.output, &is_needed_);
    if (body_.auxiliary >= 0) MarkNeeded(body_.auxiliary, &is_for_auxiliary_);
    uses_.assign(body_.num_locals(), 0);
    ++uses_[body_.output];
    if (body_.auxiliary >= 0) ++uses_[body_.auxiliary];
    for (size_t s = 0; s < body_.statements.size(); ++s) {
      if (is_needed_[s]) is_for_auxiliary_[s] = false;
      if (!is_needed_[s] && !is_for_auxiliary_[s]) continue;
      for (const int argument : body_.statements[s].arguments) ++uses_[argument];
    }
  }
  void MarkNeeded(int value, std::vector<bool>* needed) const {
    std::vector<bool> values(body_.num_locals(), false);
    values[value] = true;
    for (size_t s = body_.statements.size(); s-- > 0;) {
      if (!values[body_.local(s)]) continue;
      (*needed)[s] = true;
      for (const int argument : body_.statements[s].arguments) values[argument] = true;
    }
  }

  /// Finds how forward calls each part, and which lists are sequences: chains of nothing but their
  /// own parts.
  void FindAccess(Part* part, const std::string& outer, bool in_list = false,
                  bool in_container = false) {
    std::string access = absl::StrCat(outer, ".", part->name);
    if (in_container) {
      access = absl::StrCat(outer, "[", in_list ? part->name : PythonText(part->name), "]");
    } else if (!IsName(part->name)) {
      access = absl::StrCat(outer, ".get_submodule(", PythonText(part->name), ")");
    }
    if (part->statement >= 0) {
      access_[body_.statements[part->statement].path] = access;
      return;
    }
    const bool is_list = part->SortIfList();
    if (is_list && IsSequence(*part)) {
      sequences_.insert(part->parts[0].statement);
      for (const Part& inner : part->parts) is_inner_[inner.statement] = true;
      const int last = part->parts.back().statement;
      is_inner_[last] = false;
      in_sequence_[last] = {access, part->parts[0].statement};
      return;
    }
    for (Part& inner : part->parts) FindAccess(&inner, access, is_list, /*in_container=*/true);
  }

  bool IsSequence(const Part& list) const {
    if (list.parts.size() < 2) return false;
    for (size_t i = 0; i < list.parts.size(); ++i) {
      const int statement = list.parts[i].statement;
      if (statement < 0 || body_.statements[statement].arguments.size() != 1) return false;
      if (i == 0) continue;
      const int before = list.parts[i - 1].statement;
      const int value = body_.local(before);
      if (body_.statements[statement].arguments[0] != value || uses_[value] > 1 ||
          value == body_.output || value == body_.auxiliary) {
        return false;
      }
    }
    // No part is called a second time.
    std::map<std::string, int> calls;
    for (const Statement& statement : body_.statements) ++calls[statement.path];
    return std::all_of(list.parts.begin(), list.parts.end(), [&](const Part& part) {
      return calls[body_.statements[part.statement].path] == 1;
    });
  }

  /// Makes a part in the constructor.
  PythonExpression Make(const Part& part) const {
    if (part.statement >= 0) {
      const Statement& statement = body_.statements[part.statement];
      const std::vector<std::string>& sizes = class_.sizes[part.statement];
      if (statement.child < 0) return MakeLayer(graph_.nodes[statement.node].op, sizes);
      const PythonClass& made = classes_.of(statement.child);
      std::vector<std::string> arguments;
      for (size_t a = 0; a < sizes.size(); ++a) {
        arguments.push_back(sizes.size() > 2 ? absl::StrCat(made.arguments[a], "=", sizes[a])
                                             : sizes[a]);
      }
      return Call(made.name, Texts(arguments));
    }
    std::vector<PythonExpression> made;
    for (const Part& inner : part.parts) made.push_back(Make(inner));
    Part sorted = part;
    const bool is_list = sorted.SortIfList();
    if (is_list && sequences_.count(part.parts[0].statement) != 0) {
      PythonExpression sequence = Call("nn.Sequential", std::move(made));
      sequence.item_a_line = true;
      return sequence;
    }
    PythonExpression content = List(std::move(made));
    if (!is_list) {
      content.head = "{";
      content.tail = "}";
      for (size_t i = 0; i < part.parts.size(); ++i) {
        PythonExpression& item = content.items[i];
        item.head = absl::StrCat(PythonText(part.parts[i].name), ": ", item.head);
      }
    }
    content.item_a_line = true;
    PythonExpression container =
        Call(is_list ? "nn.ModuleList" : "nn.ModuleDict", {std::move(content)});
    container.last_comma = false;
    return container;
  }

  // The method forward.

  std::string Forward() {
    texts_.assign(body_.num_locals(), "");
    is_pending_.assign(body_.num_locals(), false);
    used_names_ = {"self"};
    std::vector<std::string> parameters;
    for (int p = 0; p < body_.parameters; ++p) {
      texts_[p] = NewName(body_.parameters == 1 ? "x" : absl::StrCat("x", p));
      parameters.push_back(texts_[p]);
    }
    if (is_network_) parameters = {"images"};
    lines_ = absl::StrCat("    def forward(self, ", absl::StrJoin(parameters, ", "), "):\n");
    if (is_network_) {
      absl::StrAppend(&lines_, "        \"\"\"Logits of images [N,C,H,W]",
                      normalizes_ ? " with pixels in [0, 1]" : ", already normalized", ".",
                      body_.auxiliary < 0
                          ? ""
                          : "\n\n        In training mode also those of the auxiliary "
                            "head.\n        ",
                      "\"\"\"\n");
      absl::StrAppend(&lines_, "        ", texts_[0], " = ",
                      normalizes_ ? "(images - self.mean) / self.deviation" : "images", "\n");
    }
    Statements(is_needed_, 8);
    if (body_.auxiliary < 0) {
      // The last statement has returned its value, unless the output is a parameter.
      if (body_.output < body_.parameters) Return({body_.output}, 8);
      return lines_;
    }
    Settle(body_.output, 8);
    lines_ += "        if self.training:\n";
    Statements(is_for_auxiliary_, 12);
    Return({body_.output, body_.auxiliary}, 12);
    Return({body_.output}, 8);
    return lines_;
  }

  void Return(const std::vector<int>& values, size_t indent) {
    absl::StrAppend(&lines_, std::string(indent, ' '), "return ",
                    absl::StrJoin(TextsOf(values), ", "), "\n");
  }

  std::string NewName(const std::string& plain) {
    std::string name = plain;
    for (int i = 2; !used_names_.insert(name).second; ++i) name = absl::StrCat(plain, "_", i);
    return name;
  }

  /// What the value of a statement is called.
  std::string ValueName(size_t s) const {
    const Statement& statement = body_.statements[s];
    if (!in_sequence_[s].first.empty()) {
      return Identifier(statement.path.substr(0, statement.path.rfind('.')));
    }
    if (IsPart(statement)) return Identifier(statement.path);
    const Node& node = graph_.nodes[statement.node];
    if (std::holds_alternative<graph::Sum>(node.op)) {
      // "node_2" of a cell.
      const std::string last = node.place.substr(node.place.rfind('/') + 1);
      return absl::StartsWith(last, "node_") ? Identifier(last) : "total";
    }
    if (std::holds_alternative<graph::DropPath>(node.op)) {
      const int argument = statement.arguments[0];
      return argument < body_.parameters ? "dropped" : ValueName(argument - body_.parameters);
    }
    if (std::holds_alternative<graph::Relu>(node.op)) return "positive";
    if (std::holds_alternative<graph::Crop>(node.op)) return "shifted";
    if (std::holds_alternative<graph::Concat>(node.op)) return "joined";
    if (std::holds_alternative<graph::Zero>(node.op)) return "zeros";
    return "pooled";
  }

  /// Writes the assignment of a value whose expression was still to stand where it is used.
  void Settle(int value, size_t indent) {
    if (!is_pending_[value]) return;
    const std::string name =
        NewName(value == body_.output ? "logits" : ValueName(value - body_.parameters));
    absl::StrAppend(&lines_, std::string(indent, ' '), name, " = ", texts_[value], "\n");
    texts_[value] = name;
    is_pending_[value] = false;
  }

  void Statements(const std::vector<bool>& chosen, size_t indent) {
    for (size_t s = 0; s < body_.statements.size(); ++s) {
      if (chosen[s] && !is_inner_[s]) Write(s, indent);
    }
  }

  std::vector<std::string> TextsOf(const std::vector<int>& values) const {
    std::vector<std::string> texts;
    for (const int value : values) texts.push_back(texts_[value]);
    return texts;
  }

  PythonExpression Expression(size_t s, const std::vector<int>& arguments) const {
    const std::vector<std::string> inputs = TextsOf(arguments);
    const Statement& statement = body_.statements[s];
    if (!in_sequence_[s].first.empty()) return Call(in_sequence_[s].first, Texts(inputs));
    if (IsPart(statement)) return Call(access_.at(statement.path), Texts(inputs));
    return Compute(graph_.nodes[statement.node].op, inputs, class_.sizes[s]);
  }

  void Write(size_t s, size_t indent) {
    /// The longest expression that stands where its value is used.
    constexpr size_t kLongestInside = 44;
    constexpr size_t kLineLength = 88;
    const Statement& statement = body_.statements[s];
    const int value = body_.local(s);
    const std::vector<int>& arguments = in_sequence_[s].first.empty()
                                            ? statement.arguments
                                            : body_.statements[in_sequence_[s].second].arguments;
    const bool is_sum =
        statement.node >= 0 && std::holds_alternative<graph::Sum>(graph_.nodes[statement.node].op);
    const auto one_line = [&] {
      return is_sum ? absl::StrJoin(TextsOf(arguments), " + ") : OneLine(Expression(s, arguments));
    };
    const bool is_returned = value == body_.output && body_.auxiliary < 0;
    const std::string name = value == body_.output ? "logits" : ValueName(s);
    const std::string assigned = is_returned ? "return " : absl::StrCat(name, " = ");
    // Room for a number behind the name.
    if (indent + assigned.size() + 4 + one_line().size() > kLineLength) {
      for (const int argument : arguments) Settle(argument, indent);
    }
    if (!is_sum && uses_[value] == 1 && !is_returned && one_line().size() <= kLongestInside) {
      texts_[value] = one_line();
      is_pending_[value] = true;
      return;
    }
    if (!is_returned) texts_[value] = NewName(name);
    const std::string prefix = is_returned ? assigned : absl::StrCat(texts_[value], " = ");
    if (is_sum) {
      lines_ += SumLines(prefix, TextsOf(arguments), indent);
    } else {
      absl::StrAppend(&lines_, std::string(indent, ' '), prefix,
                      LayOut(Expression(s, arguments), indent, prefix.size(), 0), "\n");
    }
  }

  const NetworkGraph& graph_;
  const Classes& classes_;
  const PythonClass& class_;
  const Body& body_;
  const bool is_network_;
  const bool normalizes_;
  Part root_;
  std::vector<bool> is_needed_;                ///< by statement: for the output
  std::vector<bool> is_for_auxiliary_;         ///< by statement: for the auxiliary output alone
  std::vector<int> uses_;                      ///< by local
  std::map<std::string, std::string> access_;  ///< by path
  std::set<int> sequences_;                    ///< their first statements
  std::vector<bool> is_inner_;  ///< by statement: computed within a sequence, but for its last
  /// By the last statement of a sequence: how the sequence is called, and its first statement.
  std::vector<std::pair<std::string, int>> in_sequence_;
  // Of forward:
  std::string lines_;
  std::vector<std::string> texts_;  ///< by local: its name or, while pending, its expression
  std::vector<bool> is_pending_;    ///< by local: not assigned to a name yet
  std::set<std::string> used_names_;
};

// The parts of the program that are the same for all networks, but for constants.

constexpr char kDropPath[] = R"py(class DropPath(nn.Module):
    """Gives zeros for some images while training, and scales up the others."""

    probability = 0.0

    def forward(self, x):
        if not self.training or self.probability == 0.0:
            return x
        kept = 1.0 - self.probability
        mask = torch.empty(x.shape[0], 1, 1, 1, dtype=x.dtype, device=x.device)
        return x * mask.bernoulli_(kept) / kept
)py";

constexpr char kZero[] = R"py(class Zero(nn.Module):
    """Gives zeros, whatever its input is."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return torch.zeros_like(x[:, :, :: self.stride, :: self.stride])
)py";

/// Of the class of the network, where it drops paths.
constexpr char kSetDropPath[] = R"py(
    def set_drop_path(self, probability):
        """Sets how probable it is that an edge is dropped for an image in training."""
        for module in self.modules():
            if isinstance(module, DropPath):
                module.probability = probability
)py";

constexpr char kReading[] = R"py(def read_safetensors(path):
    """The tensors of a safetensors file, by their names."""
    dtypes = {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
    }
    data = pathlib.Path(path).read_bytes()
    # Eight bytes with the size of the header, the header as JSON, and the values.
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, end = (begin + offset for offset in entry["data_offsets"])
        content = bytearray(data[first:end])
        values = torch.frombuffer(content, dtype=dtypes[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def load_weights(network, path):
    """Loads a .safetensors file of pdarts, or a state dict that torch.save wrote."""
    if str(path).endswith(".safetensors"):
        state = read_safetensors(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state)


def read_image(path):
    """The middle of an image file in the size of IMAGE_SHAPE, with pixels in [0, 1]."""
    from PIL import Image, ImageOps  # Pillow, which nothing else here needs

    channels, height, width = IMAGE_SHAPE
    image = ImageOps.exif_transpose(Image.open(path))
    image = image.convert("L" if channels == 1 else "RGB")
    image = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(height, width, channels).permute(2, 0, 1) / 255


def main():
    parser = argparse.ArgumentParser(description="Classifies image files.")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="an image file")
    parser.add_argument(
        "--weights",
        metavar="FILE",
        default=pathlib.Path(__file__).with_name(WEIGHTS),
        help="a .safetensors file or a state dict (default: %(default)s)",
    )
    arguments = parser.parse_args()
    network = Network()
    load_weights(network, arguments.weights)
    network.eval()
    for path in arguments.images:
        with torch.inference_mode():
            probabilities = network(read_image(path)[None]).softmax(1)[0]
        best = probabilities.topk(min(5, len(CLASS_NAMES)))
        print(path)
        for probability, label in zip(best.values.tolist(), best.indices.tolist()):
            print(f"  {probability:7.2%}  {CLASS_NAMES[label]}")


if __name__ == "__main__":
    main()
)py";

/// `NAME = [item, ...]` with its line end.
std::string ListConstant(const std::string& name, const std::vector<std::string>& items) {
  const std::string prefix = absl::StrCat(name, " = ");
  return absl::StrCat(prefix, LayOut(List(Texts(items)), 0, prefix.size(), 0), "\n");
}

bool Has(const NetworkGraph& graph, const std::function<bool(const Node&)>& is) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), is);
}

/// What stands at the program's head. Names of files and of runs may hold any character, so that
/// only constants name them.
std::string Docstring(const NetworkGraph& graph, bool drops_paths, bool normalizes) {
  std::string text =
      "\"\"\"A network that pdarts found, as a program that needs nothing but torch.\n\n"
      "    python3 model.py IMAGE...\n\n"
      "classifies image files; this alone needs Pillow too. In another program:\n\n"
      "    network = Network()\n"
      "    load_weights(network, WEIGHTS)\n"
      "    logits = network.eval()(images)\n\n";
  absl::StrAppend(&text, "The images are [N,C,H,W], ",
                  normalizes ? "with pixels in [0, 1]; the network normalizes them.\n"
                             : "normalized already.\n");
  if (drops_paths || graph.auxiliary >= 0) {
    text += "To train the network further, call network.train().";
    if (graph.auxiliary >= 0) {
      text += " Then it returns two tensors, the logits and\nthose of the auxiliary head.";
    }
    if (drops_paths) text += "\nnetwork.set_drop_path(0.2) drops edges in training.";
    text += "\n";
  }
  return text + "\"\"\"\n";
}

}  // namespace

std::string PythonModule(const NetworkGraph& graph, const ExportedModel& model) {
  const bool normalizes = !model.mean.empty();
  const bool drops_paths =
      Has(graph, [](const Node& node) { return std::holds_alternative<graph::DropPath>(node.op); });
  const bool has_zeros = Has(graph, [](const Node& node) {
    return std::holds_alternative<graph::Zero>(node.op) && IsLayer(node);
  });
  std::string text = absl::StrCat(
      Docstring(graph, drops_paths, normalizes),
      "\nimport argparse\nimport json\nimport pathlib\n\nimport torch\nfrom torch import nn\n\n");
  if (!model.name.empty()) text += TextConstant("NAME", model.name);
  text += TextConstant("SEARCH_SPACE", model.search_space);
  text += TextConstant("GENOTYPE", model.genotype);
  std::vector<std::string> class_names;
  for (int label = 0; label < model.classes; ++label) {
    class_names.push_back(PythonText(label < static_cast<int>(model.class_names.size())
                                         ? model.class_names[label]
                                         : absl::StrCat("class ", label)));
  }
  text += ListConstant("CLASS_NAMES", class_names);
  absl::StrAppend(&text, "IMAGE_SHAPE = (", model.image.channels, ", ", model.image.height, ", ",
                  model.image.width, ")  # channels, height, width\n");
  if (normalizes) {
    text += "# Of each channel, of pixels in [0, 1].\n";
    text += ListConstant("MEAN", NumberTexts(model.mean));
    text += ListConstant("DEVIATION", NumberTexts(model.deviation));
  }
  text += TextConstant("WEIGHTS", model.weights_file);
  if (drops_paths) absl::StrAppend(&text, "\n\n", kDropPath);
  if (has_zeros) absl::StrAppend(&text, "\n\n", kZero);
  const Classes classes(graph);
  for (const PythonClass& written : classes.classes()) {
    const bool is_network = written.modules[0] == 0;
    absl::StrAppend(&text, "\n\n",
                    ClassWriter(graph, classes, written, is_network && normalizes).Text());
    if (is_network && drops_paths) text += kSetDropPath;
  }
  return absl::StrCat(text, "\n\n", kReading);
}

}  // namespace pdarts
