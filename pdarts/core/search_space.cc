#include "pdarts/core/search_space.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/core/status_macros.h"

namespace pdarts {
namespace {

absl::Status CheckPositive(absl::string_view what, int value) {
  if (value > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", value, " is not positive"));
}

absl::Status CheckImage(const ImageShape& image, int classes) {
  PDARTS_RETURN_IF_ERROR(CheckPositive("image channels", image.channels));
  PDARTS_RETURN_IF_ERROR(CheckPositive("image height", image.height));
  PDARTS_RETURN_IF_ERROR(CheckPositive("image width", image.width));
  return CheckPositive("classes", classes);
}

const CellKind* FindKind(const Topology& topology, absl::string_view name) {
  for (const CellKind& kind : topology.kinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

std::string KindNames(const Topology& topology) {
  return absl::StrJoin(topology.kinds, ", ",
                       [](std::string* out, const CellKind& kind) { out->append(kind.name); });
}

}  // namespace

absl::Status CheckSidesDivisible(const ImageShape& image, int divisor) {
  if (image.height % divisor == 0 && image.width % divisor == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("images of ", image.height, "x", image.width,
                                                 ": the sides must be divisible by ", divisor));
}

absl::StatusOr<std::shared_ptr<SuperNet>> SearchSpace::BuildSuperNet(
    const Candidates& candidates, const SuperNetShape& shape, at::Generator generator) const {
  PDARTS_RETURN_IF_ERROR(CheckCandidates(topology(), candidates));
  PDARTS_RETURN_IF_ERROR(CheckPositive("cells", shape.cells));
  PDARTS_RETURN_IF_ERROR(CheckPositive("channels", shape.channels));
  PDARTS_RETURN_IF_ERROR(CheckImage(shape.image, shape.classes));
  PDARTS_RETURN_IF_ERROR(DoCheckSuperNetShape(shape));
  std::shared_ptr<SuperNet> net = DoBuildSuperNet(candidates, shape, std::move(generator));
  const std::string declared = KnobNames(net->knobs()), known = KnobNames(knobs());
  if (declared != known) {
    return absl::InternalError(absl::StrCat("the super-network of the space ", name(),
                                            " declares the knobs ", declared,
                                            ", but the space says: ", known));
  }
  return net;
}

bool SearchSpace::MayDerive(absl::string_view operation) const {
  const std::vector<std::string> never = underivable_operations();
  return std::find(never.begin(), never.end(), operation) == never.end();
}

absl::StatusOr<Derivation> SearchSpace::Derive(const Candidates& candidates,
                                               const EdgeProbabilities& probabilities,
                                               const DerivationOptions& options) const {
  PDARTS_RETURN_IF_ERROR(CheckCandidates(topology(), candidates));
  PDARTS_RETURN_IF_ERROR(CheckProbabilities(candidates, probabilities));
  for (const OperationLimit& limit : options.limits) {
    const CellKind* kind = FindKind(topology(), limit.cell_kind);
    if (kind == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("a limit names the cell kind \"",
                                                     limit.cell_kind, "\"; the space ", name(),
                                                     " has: ", KindNames(topology())));
    }
    if (OperationIndex(*kind, limit.operation) < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("a limit names the operation \"", limit.operation, "\"; the space ", name(),
                       " has: ", absl::StrJoin(kind->operations, ", ")));
    }
    if (limit.max < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("a limit of ", limit.max, " ", limit.operation, " is negative"));
    }
  }
  return DoDerive(candidates, probabilities, options);
}

absl::StatusOr<std::shared_ptr<Network>> SearchSpace::BuildNetwork(const Architecture& architecture,
                                                                   const NetworkShape& shape,
                                                                   at::Generator generator) const {
  PDARTS_RETURN_IF_ERROR(CheckArchitecture(architecture));
  PDARTS_RETURN_IF_ERROR(CheckPositive("cells", shape.cells));
  PDARTS_RETURN_IF_ERROR(CheckPositive("channels", shape.channels));
  PDARTS_RETURN_IF_ERROR(CheckImage(shape.image, shape.classes));
  const std::vector<std::string> known = skeletons();
  if (std::find(known.begin(), known.end(), shape.skeleton) == known.end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown skeleton \"", shape.skeleton,
                                                   "\"; the space ", name(),
                                                   " has: ", absl::StrJoin(known, ", ")));
  }
  return DoBuildNetwork(architecture, shape, std::move(generator));
}

absl::StatusOr<Architecture> SearchSpace::Parse(absl::string_view text) const {
  PDARTS_ASSIGN_OR_RETURN(Architecture architecture, DoParse(text));
  architecture.set_space(name());
  PDARTS_RETURN_IF_ERROR(CheckArchitecture(architecture));
  return architecture;
}

absl::StatusOr<std::string> SearchSpace::Format(const Architecture& architecture,
                                                absl::string_view form) const {
  PDARTS_RETURN_IF_ERROR(CheckArchitecture(architecture));
  const std::vector<std::string> forms = text_forms();
  if (form.empty()) form = forms.front();
  if (std::find(forms.begin(), forms.end(), form) == forms.end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown text form \"", form, "\"; the space ",
                                                   name(), " has: ", absl::StrJoin(forms, ", ")));
  }
  return DoFormat(architecture, form);
}

absl::StatusOr<std::string> SearchSpace::CanonicalForm(const Architecture& architecture) const {
  PDARTS_RETURN_IF_ERROR(CheckArchitecture(architecture));
  return DoCanonicalForm(architecture);
}

absl::Status SearchSpace::CheckArchitecture(const Architecture& architecture) const {
  if (architecture.space() != name()) {
    return absl::InvalidArgumentError(absl::StrCat("the architecture is of the space \"",
                                                   architecture.space(), "\", expected \"", name(),
                                                   "\""));
  }
  if (architecture.cells_size() != static_cast<int>(topology().kinds.size())) {
    return absl::InvalidArgumentError(absl::StrCat("the architecture has ",
                                                   architecture.cells_size(),
                                                   " cells, expected: ", KindNames(topology())));
  }
  for (size_t k = 0; k < topology().kinds.size(); ++k) {
    const CellKind& kind = topology().kinds[k];
    const CellArchitecture& cell = architecture.cells(static_cast<int>(k));
    if (cell.kind() != kind.name) {
      return absl::InvalidArgumentError(absl::StrCat("cell ", k, " is of the kind \"", cell.kind(),
                                                     "\", expected \"", kind.name, "\""));
    }
    for (const ArchitectureEdge& edge : cell.edges()) {
      if (OperationIndex(kind, edge.operation()) < 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(kind.name, " cell: unknown operation \"", edge.operation(),
                         "\"; known: ", absl::StrJoin(kind.operations, ", ")));
      }
      const bool exists = std::any_of(kind.edges.begin(), kind.edges.end(), [&](const Edge& e) {
        return e.from == edge.from() && e.to == edge.to();
      });
      if (!exists) {
        return absl::InvalidArgumentError(absl::StrCat(kind.name, " cell: there is no edge from ",
                                                       edge.from(), " to ", edge.to()));
      }
    }
  }
  return DoCheckArchitecture(architecture);
}

}  // namespace pdarts
