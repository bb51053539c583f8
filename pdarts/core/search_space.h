#ifndef PDARTS_CORE_SEARCH_SPACE_H_
#define PDARTS_CORE_SEARCH_SPACE_H_

#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Generator.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pdarts/core/architecture.pb.h"
#include "pdarts/core/backend.h"
#include "pdarts/core/knob.h"
#include "pdarts/core/plugin.h"
#include "pdarts/core/topology.h"

namespace pdarts {

class Network;
class SuperNet;

struct ImageShape {
  int channels = 3;
  int height = 32;
  int width = 32;
};

/// The size of a super-network.
struct SuperNetShape {
  int cells = 8;      ///< depth; what one unit of it is, the space says
  int channels = 16;  ///< initial channels
  ImageShape image;
  int classes = 10;
  Backend backend;
};

/// The size of a derived network.
struct NetworkShape {
  int cells = 20;
  int channels = 36;
  ImageShape image;
  int classes = 10;
  std::string skeleton = "cifar";  ///< one of SearchSpace::skeletons()
  bool auxiliary_head = false;     ///< where the skeleton has one
  Backend backend;
};

/// A place of operations in derived networks.
struct OperationPlace {
  ImageShape input;  ///< what an operation there gets
  int stride = 1;    ///< of the operation
  int cells = 1;     ///< how many cells of the network have it there
};

/// The places of the operations of each edge: `[kind][edge]`, one a different input or stride.
using OperationPlaces = std::vector<std::vector<std::vector<OperationPlace>>>;

/// \error kInvalidArgument naming the sides of an image that aren't divisible by `divisor`.
absl::Status CheckSidesDivisible(const ImageShape& image, int divisor);

/// "At most `max` times `operation` among the chosen operations of the cell kind."
struct OperationLimit {
  std::string cell_kind;
  std::string operation;
  int max = 0;
};

struct DerivationOptions {
  std::vector<OperationLimit> limits;
};

struct Derivation {
  Architecture architecture;
  DerivationTrace trace;
};

/// What can be found, and the networks that find and use it. Plugins implement the `Do...` methods
/// and may rely on checked arguments. What they return is checked too: every method that returns a
/// status gives kInternal, naming the space and the fault, if the plugin breaks its contract.
class SearchSpace : public Plugin {
 public:
  static constexpr char kKind[] = "search space";

  /// The short name that the space is registered by; stands in Architecture::space.
  virtual std::string name() const = 0;
  virtual const Topology& topology() const = 0;

  /// A super-network over `candidates` in training mode, float32, on the CPU, with fresh weights
  /// from `generator` and alphas of zero.
  /// \error kInvalidArgument if the candidates don't fit the topology, a size is not positive, or
  /// the image can't go through the space's networks; kInternal if the network declares other
  /// knobs than knobs().
  absl::StatusOr<std::shared_ptr<SuperNet>> BuildSuperNet(const Candidates& candidates,
                                                          const SuperNetShape& shape,
                                                          at::Generator generator) const;

  /// One architecture from the candidates and probabilities of the last stage, and why it is that
  /// one (docs/algorithm.md, "Derivation").
  /// \error kInvalidArgument if the arguments don't fit each other or the topology (probabilities
  /// that are no numbers among them), a limit names an unknown cell kind or operation, or an edge
  /// has nothing that may be chosen.
  absl::StatusOr<Derivation> Derive(const Candidates& candidates,
                                    const EdgeProbabilities& probabilities,
                                    const DerivationOptions& options) const;

  /// \error kInvalidArgument if the architecture is of another space or doesn't fit the topology,
  /// a size is not positive, or the skeleton is unknown or can't take the image.
  absl::StatusOr<std::shared_ptr<Network>> BuildNetwork(const Architecture& architecture,
                                                        const NetworkShape& shape,
                                                        at::Generator generator) const;

  /// Where the derived networks of a shape have operations. What an operation of a place costs does
  /// not depend on the rest of the architecture. Empty for a space that doesn't say it.
  virtual OperationPlaces operation_places(const NetworkShape& shape) const { return {}; }

  /// A network of nothing but an operation as derived networks of a shape have it at one of
  /// operation_places(); its logits are what comes out of the operation. Null for a space that
  /// doesn't say where operations are.
  /// operation: a name of the topology.
  virtual std::shared_ptr<Network> BuildOperation(absl::string_view operation,
                                                  const OperationPlace& place,
                                                  const NetworkShape& shape,
                                                  at::Generator generator) const {
    return nullptr;
  }

  /// What the edges of a search's first super-network hold.
  absl::StatusOr<Candidates> InitialCandidates() const;

  /// The knobs that its super-networks declare, as they are before anything turns them. A
  /// regulariser that turns another one is refused before anything is trained.
  virtual std::vector<Knob> knobs() const { return {}; }

  /// Operations that may stand on an edge of the super-network, but that Derive never chooses.
  virtual std::vector<std::string> underivable_operations() const { return {}; }
  /// Whether Derive may choose `operation`, a name of the topology.
  bool MayDerive(absl::string_view operation) const;

  /// Names of the cell kinds of which networks of `cells` have no cell, super-networks
  /// (SuperNetShape::cells) and derived ones (NetworkShape::cells): their alphas learn nothing, and
  /// their operations are not used. By default networks have cells of every kind.
  virtual std::vector<std::string> KindsWithoutCells(int cells) const { return {}; }

  /// The size at which derived networks of a skeleton are usually trained and counted, without an
  /// auxiliary head. The one place that knows these defaults.
  /// skeleton: one of skeletons(); empty: the first.
  /// \error kInvalidArgument naming the known skeletons.
  absl::StatusOr<NetworkShape> default_network_shape(absl::string_view skeleton = "") const;

  /// The skeletons that derived networks are built with; the first is the default.
  virtual std::vector<std::string> skeletons() const { return {"cifar"}; }

  /// Names of the text forms that Format writes; the first is the default. Parse reads them all.
  virtual std::vector<std::string> text_forms() const = 0;

  /// Reads an architecture from any of the text forms, keeping its order.
  /// \error kInvalidArgument naming the position and what was expected there.
  absl::StatusOr<Architecture> Parse(absl::string_view text) const;

  /// Writes `form` (empty: the default form).
  /// \error kInvalidArgument as for BuildNetwork, or if the form is unknown.
  absl::StatusOr<std::string> Format(const Architecture& architecture,
                                     absl::string_view form = "") const;

  /// A text that is the same for architectures that the space knows to compute the same function,
  /// whatever their weights.
  /// \error kInvalidArgument as for BuildNetwork.
  absl::StatusOr<std::string> CanonicalForm(const Architecture& architecture) const;

  /// Architectures known by a name ("PDARTS"), as text.
  virtual std::vector<std::pair<std::string, std::string>> known_architectures() const {
    return {};
  }

  /// \error kInvalidArgument if the architecture is of another space, or its cells, edges and
  /// operations aren't those of the topology.
  absl::Status CheckArchitecture(const Architecture& architecture) const;

 private:
  /// By default all that there is.
  virtual Candidates DoInitialCandidates() const { return AllCandidates(topology()); }
  /// What NetworkShape holds by itself, by default. The caller sets the skeleton.
  virtual NetworkShape DoDefaultNetworkShape(const std::string& skeleton) const { return {}; }
  /// \error kInvalidArgument if images of this shape can't go through a super-network.
  virtual absl::Status DoCheckSuperNetShape(const SuperNetShape& shape) const = 0;
  virtual std::shared_ptr<SuperNet> DoBuildSuperNet(const Candidates& candidates,
                                                    const SuperNetShape& shape,
                                                    at::Generator generator) const = 0;
  /// Architecture::space is set by the caller.
  virtual absl::StatusOr<Derivation> DoDerive(const Candidates& candidates,
                                              const EdgeProbabilities& probabilities,
                                              const DerivationOptions& options) const = 0;
  virtual absl::StatusOr<std::shared_ptr<Network>> DoBuildNetwork(
      const Architecture& architecture, const NetworkShape& shape,
      at::Generator generator) const = 0;
  virtual absl::StatusOr<Architecture> DoParse(absl::string_view text) const = 0;
  virtual absl::StatusOr<std::string> DoFormat(const Architecture& architecture,
                                               absl::string_view form) const = 0;
  /// By default every architecture is a function of its own.
  virtual std::string DoCanonicalForm(const Architecture& architecture) const {
    return Format(architecture).value();
  }
  /// What the space asks of an architecture beyond the topology (two edges a node).
  virtual absl::Status DoCheckArchitecture(const Architecture& architecture) const {
    return absl::OkStatus();
  }

  /// \error kInternal if the topology is none.
  absl::Status CheckOwnTopology() const;
  /// \error kInvalidArgument naming the known skeletons.
  absl::Status CheckSkeleton(absl::string_view skeleton) const;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_SEARCH_SPACE_H_
