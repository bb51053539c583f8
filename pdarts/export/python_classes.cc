#include "pdarts/export/python_classes.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/export/number_text.h"
#include "pdarts/export/unused_name.h"

namespace pdarts {
namespace {

using Node = NetworkGraph::Node;

/// The name of the network's class in the rest of the program.
constexpr char kNetwork[] = "Network";

PythonBody ReadBody(const NetworkGraph& graph, int index) {
  const NetworkGraph::Module& module = graph.modules[index];
  PythonBody body;
  std::map<int, int> locals;
  for (const int input : module.inputs) locals[input] = body.parameters++;
  for (int i = module.first_node; i < module.end_node;) {
    const Node& node = graph.nodes[i];
    if (locals.count(i + 1) != 0) {  // it is a parameter
      ++i;
      continue;
    }
    PythonStatement statement;
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

/// The sizes of an operator, and its other properties.
struct Traits {
  std::string kind;
  std::vector<PythonSize> sizes;
};

struct TraitsOf {
  Traits operator()(const graph::Convolution& c) const {
    return {c.bias.defined() ? "convolution with bias" : "convolution",
            {{"in_channels", c.weight.size(1) * c.groups},
             {"out_channels", c.weight.size(0)},
             {"kernel", c.weight.size(2)},
             {"kernel", c.weight.size(3)},
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

/// Sizes of a class that are equal in each of its modules.
struct Group {
  std::vector<int64_t> values;  ///< value in each module
  std::vector<std::string> names;
  std::string path;  ///< path of the statement with the first of these sizes
  int base = -1;     ///< the group of which this group is a multiple or a divisor
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

/// Whether `more` is a multiple of `less` with the same factor in all modules.
bool IsMultiple(const std::vector<int64_t>& more, const std::vector<int64_t>& less) {
  if (less[0] <= 0 || more[0] < 2 * less[0]) return false;
  const int64_t factor = more[0] / less[0];
  for (size_t i = 0; i < more.size(); ++i) {
    if (more[i] != factor * less[i]) return false;
  }
  return true;
}

/// Sets the field `base` of the groups. The group "channels" comes first, so that other groups
/// depend on it.
void FindMultiples(std::vector<Group>* groups) {
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

void NameArguments(const std::vector<Group>& groups, PythonClass* found) {
  std::map<std::string, int> counts;
  for (const Group& group : groups) {
    if (group.base < 0) ++counts[group.name()];
  }
  std::set<std::string> used;
  for (const Group& group : groups) {
    if (group.base >= 0) continue;
    std::string plain = group.name();
    if (counts[plain] > 1) {
      plain = absl::StrCat(PythonIdentifier(group.path), "_", plain);
    }
    found->arguments.push_back(UnusedName(plain, "_", &used));
  }
}

}  // namespace

bool IsLayer(const NetworkGraph::Node& node) {
  if (node.path.empty()) return false;
  return !std::holds_alternative<graph::GlobalAveragePool>(node.op) &&
         !std::holds_alternative<graph::Crop>(node.op) &&
         !std::holds_alternative<graph::DropPath>(node.op) &&
         !std::holds_alternative<graph::Sum>(node.op) &&
         !std::holds_alternative<graph::Concat>(node.op);
}

std::string PythonIdentifier(const std::string& path) {
  std::string name;
  for (const char c : path) name += absl::ascii_isalnum(c) ? c : '_';
  name.erase(0, std::min(name.find_first_not_of('_'), name.size()));
  return name.empty() || absl::ascii_isdigit(name[0]) ? absl::StrCat("part_", name) : name;
}

PythonClasses::PythonClasses(const NetworkGraph& graph)
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
      PythonBody body = ReadBody(graph_, m);
      const auto [place, is_new] = known.emplace(Key(m, body), static_cast<int>(classes_.size()));
      if (is_new) {
        PythonClass& added = classes_.emplace_back();
        added.name = m == 0 ? kNetwork : UnusedName(graph_.modules[m].type, "", &names_);
        added.body = std::move(body);
      }
      class_of_[m] = place->second;
      classes_[place->second].modules.push_back(m);
    }
    for (size_t c = first; c < classes_.size(); ++c) FindArguments(&classes_[c]);
  }
}

std::string PythonClasses::Key(int module, const PythonBody& body) const {
  std::string key = absl::StrCat(graph_.modules[module].type, "(", body.parameters, ")");
  for (const PythonStatement& statement : body.statements) {
    absl::StrAppend(&key, ";", statement.path, "=");
    if (statement.child >= 0) {
      absl::StrAppend(&key, "class ", class_of_[statement.child]);
    } else {
      const Node& node = graph_.nodes[statement.node];
      const Traits traits = TraitsOfNode(node);
      absl::StrAppend(&key, traits.kind);
      if (!IsLayer(node)) {
        for (const PythonSize& size : traits.sizes) absl::StrAppend(&key, " ", size.value);
      }
    }
    absl::StrAppend(&key, "(", absl::StrJoin(statement.arguments, ","), ")");
  }
  return absl::StrCat(key, "->", body.output, ",", body.auxiliary);
}

std::vector<PythonSize> PythonClasses::SizesOf(const PythonStatement& statement) const {
  if (statement.child < 0) return TraitsOfNode(graph_.nodes[statement.node]).sizes;
  std::vector<PythonSize> sizes;
  const PythonClass& of_child = of(statement.child);
  for (size_t a = 0; a < of_child.arguments.size(); ++a) {
    sizes.push_back({of_child.arguments[a], arguments_of_[statement.child][a]});
  }
  return sizes;
}

void PythonClasses::FindArguments(PythonClass* found) {
  // The sizes by module, statement and place.
  std::vector<std::vector<std::vector<PythonSize>>> sizes;
  for (const int m : found->modules) {
    const PythonBody body = ReadBody(graph_, m);
    std::vector<std::vector<PythonSize>>& of_module = sizes.emplace_back();
    for (const PythonStatement& statement : body.statements) {
      of_module.push_back(SizesOf(statement));
    }
  }
  std::vector<Group> groups;
  // By statement and place: the group; -1 if the size is the same in all modules.
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

}  // namespace pdarts
