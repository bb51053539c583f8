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
#include "pdarts/core/derivation.h"
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
  int cells = 8;      ///< depth, in the unit of the search space
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
  bool auxiliary_head = false;     ///< if the skeleton has one
  Backend backend;
};

/// A place in derived networks at which an operation can be.
struct OperationPlace {
  ImageShape input;  ///< the input of an operation at this place
  int stride = 1;    ///< of the operation
  int cells = 1;     ///< number of cells of the network with this place
};

/// The places of the operations of each edge: `[kind][edge]`. The places of an edge differ in input
/// or stride.
using OperationPlaces = std::vector<std::vector<std::vector<OperationPlace>>>;

/// \error kInvalidArgument naming the sides of an image that are not divisible by `divisor`.
absl::Status CheckSidesDivisible(const ImageShape& image, int divisor);

/// A search space: the possible architectures, and the networks that search for one and use it.
/// Plugins implement the `Do...` methods and may rely on checked arguments. The results of plugins
/// are checked too: every method that returns a status returns kInternal, naming the space and the
/// fault, if the plugin breaks its contract.
class SearchSpace : public Plugin {
 public:
  static constexpr char kKind[] = "search space";

  /// The short name under which the space is registered. It is the value of Architecture::space.
  virtual std::string name() const = 0;
  virtual const Topology& topology() const = 0;

  /// A super-network over `candidates` in training mode, float32, on the CPU, with new weights from
  /// `generator` and with alphas of zero.
  /// \error kInvalidArgument if the candidates do not fit the topology, a size is not positive, or
  /// the networks of the space cannot compute an image of this shape; kInternal if the network
  /// declares other knobs than knobs().
  absl::StatusOr<std::shared_ptr<SuperNet>> BuildSuperNet(const Candidates& candidates,
                                                          const SuperNetShape& shape,
                                                          at::Generator generator) const;

  /// Derives an architecture from the candidates and probabilities of the last stage, with a trace
  /// of the reasons (docs/algorithm.md, "Derivation" and "Cost range").
  /// \error kInvalidArgument if the arguments do not fit each other or the topology (for example
  /// probabilities that are not finite), a limit names an unknown cell kind or operation, the costs
  /// of a cost range are not those of all operations, or an edge has no operation that may be
  /// chosen.
  absl::StatusOr<Derivation> Derive(const Candidates& candidates,
                                    const EdgeProbabilities& probabilities,
                                    const DerivationOptions& options) const;

  /// \error kInvalidArgument if the architecture is of another space or does not fit the topology,
  /// a size is not positive, or the skeleton is unknown or cannot take the image.
  absl::StatusOr<std::shared_ptr<Network>> BuildNetwork(const Architecture& architecture,
                                                        const NetworkShape& shape,
                                                        at::Generator generator) const;

  /// The places of operations in the derived networks of a shape. The cost of an operation at a
  /// place does not depend on the rest of the architecture. Empty if the space does not state the
  /// places.
  virtual OperationPlaces operation_places(const NetworkShape& shape) const { return {}; }

  /// A network that consists of one operation, as derived networks of a shape have it at a place of
  /// operation_places(). Its logits are the output of the operation. Null if the space does not
  /// state the places of operations. operation: a name of the topology.
  virtual std::shared_ptr<Network> BuildOperation(absl::string_view operation,
                                                  const OperationPlace& place,
                                                  const NetworkShape& shape,
                                                  at::Generator generator) const {
    return nullptr;
  }

  /// The candidates of the edges of a search's first super-network.
  absl::StatusOr<Candidates> InitialCandidates() const;

  /// The knobs that the super-networks of the space declare, with their initial values. If a
  /// regularizer sets another knob, the search fails before the training begins.
  virtual std::vector<Knob> knobs() const { return {}; }

  /// Operations that an edge of the super-network may hold, but that Derive never chooses.
  virtual std::vector<std::string> underivable_operations() const { return {}; }
  /// Whether Derive may choose `operation`, a name of the topology.
  bool MayDerive(absl::string_view operation) const;

  /// Names of the cell kinds that do not occur in networks of `cells` cells, both super-networks
  /// (SuperNetShape::cells) and derived networks (NetworkShape::cells). The alphas of these kinds
  /// learn nothing, and their operations are not used. By default, networks have cells of every
  /// kind.
  virtual std::vector<std::string> KindsWithoutCells(int cells) const { return {}; }

  /// The size with which derived networks of a skeleton are usually trained and counted, without an
  /// auxiliary head. All defaults come from here. skeleton: one of skeletons(); empty: the first.
  /// \error kInvalidArgument naming the known skeletons.
  absl::StatusOr<NetworkShape> default_network_shape(absl::string_view skeleton = "") const;

  /// The skeletons of derived networks. The first one is the default.
  virtual std::vector<std::string> skeletons() const { return {"cifar"}; }

  /// Names of the text forms that Format writes. The first one is the default. Parse reads all of
  /// them.
  virtual std::vector<std::string> text_forms() const = 0;

  /// Reads an architecture from any of the text forms, and keeps the order of its edges.
  /// \error kInvalidArgument naming the position and the expected text.
  absl::StatusOr<Architecture> Parse(absl::string_view text) const;

  /// Writes `form` (empty: the default form).
  /// \error kInvalidArgument as for BuildNetwork, or if the form is unknown.
  absl::StatusOr<std::string> Format(const Architecture& architecture,
                                     absl::string_view form = "") const;

  /// A text that is equal for architectures of which the space knows that they compute the same
  /// function, whatever their weights are. \error kInvalidArgument as for BuildNetwork.
  absl::StatusOr<std::string> CanonicalForm(const Architecture& architecture) const;

  /// Architectures that have a name ("PDARTS"), as text.
  virtual std::vector<std::pair<std::string, std::string>> known_architectures() const {
    return {};
  }

  /// \error kInvalidArgument if the architecture belongs to another space, or if its cells, edges
  /// and operations do not belong to the topology.
  absl::Status CheckArchitecture(const Architecture& architecture) const;

 private:
  /// By default, all operations of all edges.
  virtual Candidates DoInitialCandidates() const { return AllCandidates(topology()); }
  /// By default, the defaults of NetworkShape. The caller sets the skeleton.
  virtual NetworkShape DoDefaultNetworkShape(const std::string& skeleton) const { return {}; }
  /// \error kInvalidArgument if a super-network cannot compute images of this shape.
  virtual absl::Status DoCheckSuperNetShape(const SuperNetShape& shape) const = 0;
  virtual std::shared_ptr<SuperNet> DoBuildSuperNet(const Candidates& candidates,
                                                    const SuperNetShape& shape,
                                                    at::Generator generator) const = 0;
  /// The caller sets Architecture::space, and keeps the cost range of `options`.
  virtual absl::StatusOr<Derivation> DoDerive(const Candidates& candidates,
                                              const EdgeProbabilities& probabilities,
                                              const DerivationOptions& options) const = 0;
  virtual absl::StatusOr<std::shared_ptr<Network>> DoBuildNetwork(
      const Architecture& architecture, const NetworkShape& shape,
      at::Generator generator) const = 0;
  virtual absl::StatusOr<Architecture> DoParse(absl::string_view text) const = 0;
  virtual absl::StatusOr<std::string> DoFormat(const Architecture& architecture,
                                               absl::string_view form) const = 0;
  /// By default, every architecture computes a different function.
  virtual std::string DoCanonicalForm(const Architecture& architecture) const {
    return Format(architecture).value();
  }
  /// Checks the rules of the space for an architecture beyond the topology (two edges for each
  /// node).
  virtual absl::Status DoCheckArchitecture(const Architecture& architecture) const {
    return absl::OkStatus();
  }

  /// \error kInternal if the topology is not valid.
  absl::Status CheckOwnTopology() const;
  /// \error kInvalidArgument naming the known skeletons.
  absl::Status CheckSkeleton(absl::string_view skeleton) const;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_SEARCH_SPACE_H_
