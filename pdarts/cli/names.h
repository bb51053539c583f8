#ifndef PDARTS_CLI_NAMES_H_
#define PDARTS_CLI_NAMES_H_

#include <string>

#include "google/protobuf/any.pb.h"
#include "pdarts/core/topology.h"

namespace pdarts {

/// The short name of the plugin that a config belongs to; its type if that isn't known.
std::string PluginShortName(const google::protobuf::Any& config);

/// How many candidates an edge has: "8", or "6/5" where the cell kinds differ.
std::string CandidateCounts(const Candidates& candidates);

}  // namespace pdarts

#endif  // PDARTS_CLI_NAMES_H_
