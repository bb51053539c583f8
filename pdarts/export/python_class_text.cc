#include "pdarts/export/python_class_text.h"

#include <algorithm>
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
#include "glog/logging.h"
#include "pdarts/export/number_text.h"
#include "pdarts/export/python_layout.h"
#include "pdarts/export/unused_name.h"

namespace pdarts {
namespace {

using Node = NetworkGraph::Node;

/// Adds `name=value`, unless the value is torch's default.
void AddKeyword(const std::string& name, const std::string& value, const std::string& usual,
                std::vector<PythonExpression>* arguments) {
  if (value != usual) arguments->push_back(PythonExpression{absl::StrCat(name, "=", value)});
}

/// The expressions of a pool: the class or the function, and its arguments after the input.
std::vector<PythonExpression> PoolArguments(const graph::Pool& pool,
                                            const std::vector<std::string>& sizes) {
  std::vector<PythonExpression> arguments = PythonTexts({sizes[0]});
  AddKeyword("stride", sizes[1], sizes[0], &arguments);
  AddKeyword("padding", sizes[2], "0", &arguments);
  if (pool.kind == graph::Pool::Kind::kAverage && sizes[2] != "0") {
    arguments.push_back(PythonExpression{"count_include_pad=False"});
  }
  return arguments;
}

/// The expression that makes the module of a layer. `sizes` are the expressions of its sizes.
PythonExpression MakeLayer(const graph::Operator& op, const std::vector<std::string>& sizes) {
  if (const auto* c = std::get_if<graph::Convolution>(&op)) {
    const std::string kernel =
        sizes[2] == sizes[3] ? sizes[2] : absl::StrCat("(", sizes[2], ", ", sizes[3], ")");
    std::vector<PythonExpression> arguments = PythonTexts({sizes[0], sizes[1], kernel});
    AddKeyword("stride", sizes[4], "1", &arguments);
    AddKeyword("padding", sizes[5], "0", &arguments);
    AddKeyword("dilation", sizes[6], "1", &arguments);
    AddKeyword("groups", sizes[7], "1", &arguments);
    if (!c->bias.defined()) arguments.push_back(PythonExpression{"bias=False"});
    return PythonCall("nn.Conv2d", std::move(arguments));
  }
  if (const auto* b = std::get_if<graph::BatchNorm>(&op)) {
    std::vector<PythonExpression> arguments = PythonTexts({sizes[0]});
    AddKeyword("eps", NumberText(b->epsilon), "1e-05", &arguments);
    AddKeyword("momentum", NumberText(b->momentum), "0.1", &arguments);
    if (!b->weight.defined()) arguments.push_back(PythonExpression{"affine=False"});
    return PythonCall("nn.BatchNorm2d", std::move(arguments));
  }
  if (std::holds_alternative<graph::Linear>(op)) {
    return PythonCall("nn.Linear", PythonTexts({sizes[0], sizes[1]}));
  }
  if (const auto* p = std::get_if<graph::Pool>(&op)) {
    return PythonCall(p->kind == graph::Pool::Kind::kMax ? "nn.MaxPool2d" : "nn.AvgPool2d",
                      PoolArguments(*p, sizes));
  }
  if (std::holds_alternative<graph::Zero>(op)) return PythonCall("Zero", PythonTexts({sizes[0]}));
  if (std::holds_alternative<graph::Relu>(op)) return PythonExpression{"nn.ReLU()"};
  if (std::holds_alternative<graph::Flatten>(op)) return PythonExpression{"nn.Flatten()"};
  CHECK(std::holds_alternative<graph::Identity>(op));
  return PythonExpression{"nn.Identity()"};
}

/// "x[:, :, 1:, 1:]".
std::string Sliced(const std::string& x, const std::string& rows, const std::string& columns) {
  return absl::StrCat(x, "[:, :, ", rows, ", ", columns, "]");
}

/// The expression of an operator without a module. `inputs` are expressions, and `sizes` are those
/// of its traits.
PythonExpression Compute(const graph::Operator& op, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& sizes) {
  const std::string& x = inputs[0];
  if (std::holds_alternative<graph::Relu>(op)) return PythonCall("torch.relu", PythonTexts({x}));
  if (const auto* p = std::get_if<graph::Pool>(&op)) {
    std::vector<PythonExpression> arguments = PoolArguments(*p, sizes);
    arguments.insert(arguments.begin(), PythonExpression{x});
    return PythonCall(p->kind == graph::Pool::Kind::kMax ? "nn.functional.max_pool2d"
                                                         : "nn.functional.avg_pool2d",
                      std::move(arguments));
  }
  if (std::holds_alternative<graph::GlobalAveragePool>(op)) {
    return PythonExpression{absl::StrCat(x, ".mean((2, 3))")};
  }
  if (std::holds_alternative<graph::Flatten>(op)) {
    return PythonExpression{absl::StrCat(x, ".flatten(1)")};
  }
  if (std::holds_alternative<graph::Crop>(op)) {
    const auto from = [](const std::string& first) {
      return first == "0" ? ":" : absl::StrCat(first, ":");
    };
    return PythonExpression{Sliced(x, from(sizes[0]), from(sizes[1]))};
  }
  if (std::holds_alternative<graph::Zero>(op)) {
    if (sizes[0] == "1") return PythonCall("torch.zeros_like", PythonTexts({x}));
    const std::string step = absl::StrCat("::", sizes[0]);
    return PythonCall("torch.zeros_like", PythonTexts({Sliced(x, step, step)}));
  }
  if (std::holds_alternative<graph::DropPath>(op)) {
    return PythonCall("self.drop_path", PythonTexts({x}));
  }
  if (std::holds_alternative<graph::Concat>(op)) {
    return PythonCall("torch.cat", {PythonList(PythonTexts(inputs)), PythonExpression{"1"}});
  }
  CHECK(std::holds_alternative<graph::Identity>(op));
  return PythonExpression{x};
}

/// The children of a module, or of a container in the module.
struct Part {
  std::string name;
  int statement = -1;       ///< of a layer or module; -1 for a container
  std::vector<Part> parts;  ///< of a container
  bool is_list = false;  ///< whether it is a container whose parts are called "0", "1", and so on
  bool is_sequence = false;  ///< whether it is a list that forward calls as a chain of its parts

  /// Whether the parts are called "0", "1", and so on. The function sorts them in this order.
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
  /// `normalizes` tells whether the class is a network that normalizes its input.
  ClassWriter(const NetworkGraph& graph, const PythonClasses& classes, const PythonClass& written,
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

  /// The text of the class, up to the end of its method forward.
  std::string Text() {
    std::string text = absl::StrCat("class ", class_.name, "(nn.Module):\n");
    if (is_network_) {
      absl::StrAppend(&text, "    \"\"\"The network. Its state dict is that of pdarts.\"\"\"\n\n");
    }
    PythonExpression head{"def __init__(", PythonTexts({"self"}), "):"};
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
            PythonCall("self.add_module", {PythonExpression{PythonText(part.name)}, made});
        absl::StrAppend(&text, "        ", LayOut(call, 8, 0, 0), "\n");
      }
    }
    return absl::StrCat(text, "\n", Forward());
  }

 private:
  bool IsPart(const PythonStatement& statement) const {
    return statement.child >= 0 || IsLayer(graph_.nodes[statement.node]);
  }

  bool DropsPaths() const {
    return std::any_of(
        body_.statements.begin(), body_.statements.end(), [&](const PythonStatement& statement) {
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
    if (part->statement < 0) part->statement = statement;  // otherwise the layer is used again
  }

  /// Finds the statements that the values need, and counts how often these use each value.
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

  /// Finds how forward calls each part, and which lists are sequences: chains that consist only of
  /// their own parts.
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
    part->is_list = part->SortIfList();
    part->is_sequence = part->is_list && IsSequence(*part);
    if (part->is_sequence) {
      for (const Part& inner : part->parts) is_inner_[inner.statement] = true;
      const int last = part->parts.back().statement;
      is_inner_[last] = false;
      in_sequence_[last] = {access, part->parts[0].statement};
      return;
    }
    for (Part& inner : part->parts) {
      FindAccess(&inner, access, part->is_list, /*in_container=*/true);
    }
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
    // No part may be called a second time.
    std::map<std::string, int> calls;
    for (const PythonStatement& statement : body_.statements) ++calls[statement.path];
    return std::all_of(list.parts.begin(), list.parts.end(), [&](const Part& part) {
      return calls[body_.statements[part.statement].path] == 1;
    });
  }

  /// The expression that makes a part in the constructor.
  PythonExpression Make(const Part& part) const {
    if (part.statement >= 0) {
      const PythonStatement& statement = body_.statements[part.statement];
      const std::vector<std::string>& sizes = class_.sizes[part.statement];
      if (statement.child < 0) return MakeLayer(graph_.nodes[statement.node].op, sizes);
      const PythonClass& made = classes_.of(statement.child);
      std::vector<std::string> arguments;
      for (size_t a = 0; a < sizes.size(); ++a) {
        arguments.push_back(sizes.size() > 2 ? absl::StrCat(made.arguments[a], "=", sizes[a])
                                             : sizes[a]);
      }
      return PythonCall(made.name, PythonTexts(arguments));
    }
    std::vector<PythonExpression> made;
    for (const Part& inner : part.parts) made.push_back(Make(inner));
    if (part.is_sequence) {
      PythonExpression sequence = PythonCall("nn.Sequential", std::move(made));
      sequence.item_a_line = true;
      return sequence;
    }
    PythonExpression content = PythonList(std::move(made));
    if (!part.is_list) {
      content.head = "{";
      content.tail = "}";
      for (size_t i = 0; i < part.parts.size(); ++i) {
        PythonExpression& item = content.items[i];
        item.head = absl::StrCat(PythonText(part.parts[i].name), ": ", item.head);
      }
    }
    content.item_a_line = true;
    PythonExpression container =
        PythonCall(part.is_list ? "nn.ModuleList" : "nn.ModuleDict", {std::move(content)});
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

  std::string NewName(const std::string& plain) { return UnusedName(plain, "_", &used_names_); }

  /// The name of the value of a statement.
  std::string ValueName(size_t s) const {
    const PythonStatement& statement = body_.statements[s];
    if (!in_sequence_[s].first.empty()) {
      return PythonIdentifier(statement.path.substr(0, statement.path.rfind('.')));
    }
    if (IsPart(statement)) return PythonIdentifier(statement.path);
    const Node& node = graph_.nodes[statement.node];
    if (std::holds_alternative<graph::Sum>(node.op)) {
      // "node_2" in a cell.
      const std::string last = node.place.substr(node.place.rfind('/') + 1);
      return absl::StartsWith(last, "node_") ? PythonIdentifier(last) : "total";
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

  /// Writes the assignment of a value whose expression was planned for the place of its use.
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
    const PythonStatement& statement = body_.statements[s];
    if (!in_sequence_[s].first.empty())
      return PythonCall(in_sequence_[s].first, PythonTexts(inputs));
    if (IsPart(statement)) return PythonCall(access_.at(statement.path), PythonTexts(inputs));
    return Compute(graph_.nodes[statement.node].op, inputs, class_.sizes[s]);
  }

  void Write(size_t s, size_t indent) {
    /// The maximum length of an expression that is written in the place of its use.
    constexpr size_t kLongestInside = 44;
    const PythonStatement& statement = body_.statements[s];
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
    // This leaves room for a number after the name.
    if (indent + assigned.size() + 4 + one_line().size() > kPythonLineLength) {
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
  const PythonClasses& classes_;
  const PythonClass& class_;
  const PythonBody& body_;
  const bool is_network_;
  const bool normalizes_;
  Part root_;
  std::vector<bool> is_needed_;                ///< by statement: whether the output needs it
  std::vector<bool> is_for_auxiliary_;         ///< by statement: for the auxiliary output only
  std::vector<int> uses_;                      ///< by local: number of uses
  std::map<std::string, std::string> access_;  ///< by path
  std::vector<bool> is_inner_;  ///< by statement: within a sequence, but not its last statement
  /// By the last statement of a sequence: the expression of the sequence, and its first statement.
  std::vector<std::pair<std::string, int>> in_sequence_;
  // State of the method forward:
  std::string lines_;
  std::vector<std::string> texts_;  ///< by local: its name or, if pending, its expression
  std::vector<bool> is_pending_;    ///< by local: whether it is not assigned to a name yet
  std::set<std::string> used_names_;
};

}  // namespace

std::string PythonClassText(const NetworkGraph& graph, const PythonClasses& classes,
                            const PythonClass& written, bool normalizes) {
  return ClassWriter(graph, classes, written, normalizes).Text();
}

}  // namespace pdarts
