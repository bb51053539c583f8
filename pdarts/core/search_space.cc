#include "pdarts/core/search_space.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/cost_range.h"
#include "pdarts/core/network.h"
#include "pdarts/core/super_net.h"
#include "pdarts/core/trace_check.h"

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

/// Whether a new network is as a trainer needs it: in training mode, with parameters that are
/// float32 and on the CPU. \error kInvalidArgument stating the difference.
absl::Status CheckFresh(const torch::nn::Module& network) {
  if (!network.is_training()) return absl::InvalidArgumentError("it is not in training mode");
  for (const auto& parameter : network.named_parameters()) {
    const at::Tensor& value = parameter.value();
    if (value.defined() && value.device().is_cpu() && value.scalar_type() == at::kFloat) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("its parameter ", parameter.key(), " is not float32 on the CPU"));
  }
  return absl::OkStatus();
}

absl::Status CheckAlphas(const SuperNet& super_net) {
  const Candidates& candidates = super_net.candidates();
  for (size_t k = 0; k < candidates.size(); ++k) {
    const at::Tensor& alphas = super_net.alphas()[k];
    const auto edges = static_cast<int64_t>(candidates[k].size());
    const auto operations = static_cast<int64_t>(candidates[k][0].size());
    if (alphas.sizes() != at::IntArrayRef({edges, operations})) {
      return absl::InvalidArgumentError(absl::StrCat("its alphas of the cell kind ",
                                                     super_net.topology().kinds[k].name,
                                                     " are not [", edges, ",", operations, "]"));
    }
    if (alphas.count_nonzero().item<int64_t>() != 0) {
      return absl::InvalidArgumentError("its alphas are not zero");
    }
  }
  return absl::OkStatus();
}

/// Whether the operations of an architecture are candidates of their edges.
absl::Status CheckChosen(const Topology& topology, const Candidates& candidates,
                         const Architecture& architecture) {
  for (size_t k = 0; k < topology.kinds.size(); ++k) {
    const CellKind& kind = topology.kinds[k];
    for (const ArchitectureEdge& edge : architecture.cells(static_cast<int>(k)).edges()) {
      const auto place =
          std::find(kind.edges.begin(), kind.edges.end(), Edge{edge.from(), edge.to()});
      const EdgeCandidates& of_edge = candidates[k][place - kind.edges.begin()];
      const int operation = OperationIndex(kind, edge.operation());
      if (std::find(of_edge.begin(), of_edge.end(), operation) == of_edge.end()) {
        return absl::InvalidArgumentError(absl::StrCat(kind.name, " cell: ", edge.operation(),
                                                       " is not a candidate of the edge ",
                                                       edge.from(), " -> ", edge.to()));
      }
    }
  }
  return absl::OkStatus();
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

absl::Status SearchSpace::CheckOwnTopology() const {
  const absl::Status valid = CheckTopology(topology());
  if (valid.ok()) return valid;
  return Fault(absl::StrCat("has no valid topology: ", valid.message()));
}

absl::StatusOr<Candidates> SearchSpace::InitialCandidates() const {
  PDARTS_RETURN_IF_ERROR(CheckOwnTopology());
  Candidates candidates = DoInitialCandidates();
  const absl::Status fits = CheckCandidates(topology(), candidates);
  if (!fits.ok()) return Fault(absl::StrCat("begins with wrong candidates: ", fits.message()));
  return candidates;
}

absl::Status SearchSpace::CheckSkeleton(absl::string_view skeleton) const {
  const std::vector<std::string> known = skeletons();
  if (std::find(known.begin(), known.end(), skeleton) != known.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("unknown skeleton \"", skeleton, "\"; the space ",
                                                 name(), " has: ", absl::StrJoin(known, ", ")));
}

absl::StatusOr<NetworkShape> SearchSpace::default_network_shape(absl::string_view skeleton) const {
  const std::vector<std::string> known = skeletons();
  if (known.empty()) return Fault("names no skeleton");
  const std::string wanted = skeleton.empty() ? known.front() : std::string(skeleton);
  PDARTS_RETURN_IF_ERROR(CheckSkeleton(wanted));
  NetworkShape shape = DoDefaultNetworkShape(wanted);
  shape.skeleton = wanted;
  absl::Status fits = CheckPositive("cells", shape.cells);
  fits.Update(CheckPositive("channels", shape.channels));
  fits.Update(CheckImage(shape.image, shape.classes));
  if (!fits.ok()) {
    return Fault(
        absl::StrCat("has no valid default size of the skeleton ", wanted, ": ", fits.message()));
  }
  return shape;
}

absl::StatusOr<std::shared_ptr<SuperNet>> SearchSpace::BuildSuperNet(
    const Candidates& candidates, const SuperNetShape& shape, at::Generator generator) const {
  PDARTS_RETURN_IF_ERROR(CheckOwnTopology());
  PDARTS_RETURN_IF_ERROR(CheckCandidates(topology(), candidates));
  PDARTS_RETURN_IF_ERROR(CheckPositive("cells", shape.cells));
  PDARTS_RETURN_IF_ERROR(CheckPositive("channels", shape.channels));
  PDARTS_RETURN_IF_ERROR(CheckImage(shape.image, shape.classes));
  PDARTS_RETURN_IF_ERROR(DoCheckSuperNetShape(shape));
  std::shared_ptr<SuperNet> super_net = DoBuildSuperNet(candidates, shape, std::move(generator));
  if (super_net == nullptr) return Fault("built no super-network");
  absl::Status fits;
  if (!(super_net->topology() == topology()) || super_net->candidates() != candidates) {
    fits = absl::InvalidArgumentError("it has another topology or other candidates");
  }
  fits.Update(CheckFresh(*super_net));
  fits.Update(CheckAlphas(*super_net));
  const std::string declared = KnobNames(super_net->knobs()), known = KnobNames(knobs());
  if (declared != known) {
    fits.Update(absl::InvalidArgumentError(
        absl::StrCat("it declares the knobs ", declared, ", but the space says: ", known)));
  }
  if (!fits.ok()) return Fault(absl::StrCat("built a wrong super-network: ", fits.message()));
  return super_net;
}

bool SearchSpace::MayDerive(absl::string_view operation) const {
  const std::vector<std::string> never = underivable_operations();
  return std::find(never.begin(), never.end(), operation) == never.end();
}

absl::StatusOr<Derivation> SearchSpace::Derive(const Candidates& candidates,
                                               const EdgeProbabilities& probabilities,
                                               const DerivationOptions& options) const {
  PDARTS_RETURN_IF_ERROR(CheckOwnTopology());
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
  if (options.cost_range) {
    PDARTS_RETURN_IF_ERROR(CheckCostRange(topology(), *options.cost_range));
  }
  PDARTS_ASSIGN_OR_RETURN(Derivation derivation, DoDerive(candidates, probabilities, options));
  derivation.architecture.set_space(name());
  absl::Status fits = CheckArchitecture(derivation.architecture);
  if (fits.ok()) fits = CheckChosen(topology(), candidates, derivation.architecture);
  fits.Update(CheckTrace(topology(), /*stages=*/1, derivation.trace));
  if (fits.ok()) {
    const StageEdges traced = LastStageOf(topology(), derivation.trace);
    if (traced.candidates != candidates || traced.probabilities != probabilities) {
      fits = absl::InvalidArgumentError(
          "trace.edges: they are not all edges with the candidates and probabilities given");
    }
  }
  if (!fits.ok()) return Fault(absl::StrCat("derived something wrong: ", fits.message()));
  if (options.cost_range) {
    KeepCostRange(topology(), underivable_operations(), options, &derivation);
    PDARTS_RETURN_IF_ERROR(Annotate(CheckArchitecture(derivation.architecture), "cost range"));
  }
  return derivation;
}

absl::StatusOr<std::shared_ptr<Network>> SearchSpace::BuildNetwork(const Architecture& architecture,
                                                                   const NetworkShape& shape,
                                                                   at::Generator generator) const {
  PDARTS_RETURN_IF_ERROR(CheckArchitecture(architecture));
  PDARTS_RETURN_IF_ERROR(CheckPositive("cells", shape.cells));
  PDARTS_RETURN_IF_ERROR(CheckPositive("channels", shape.channels));
  PDARTS_RETURN_IF_ERROR(CheckImage(shape.image, shape.classes));
  PDARTS_RETURN_IF_ERROR(CheckSkeleton(shape.skeleton));
  PDARTS_ASSIGN_OR_RETURN(std::shared_ptr<Network> network,
                          DoBuildNetwork(architecture, shape, std::move(generator)));
  if (network == nullptr) return Fault("built no network");
  const absl::Status fits = CheckFresh(*network);
  if (!fits.ok()) return Fault(absl::StrCat("built a wrong network: ", fits.message()));
  return network;
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
  if (forms.empty()) return Fault("names no text form");
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
  PDARTS_RETURN_IF_ERROR(CheckOwnTopology());
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
    for (const int node : cell.concat()) {
      const bool exists = std::any_of(kind.edges.begin(), kind.edges.end(), [&](const Edge& e) {
        return e.from == node || e.to == node;
      });
      if (!exists) {
        return absl::InvalidArgumentError(absl::StrCat(kind.name, " cell: its output is of node ",
                                                       node, ", which does not exist"));
      }
    }
  }
  return DoCheckArchitecture(architecture);
}

}  // namespace pdarts
