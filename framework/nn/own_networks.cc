#include "own_networks.h"

#include <fmt/format.h>

#include "maskbench/core/embed.h"
#include "maskbench/core/error.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/half_weights.h"

// MASKBENCH_WEIGHTS_DIR comes from the build.
MASKBENCH_EMBED_FILE(maskbench_eye_network, MASKBENCH_WEIGHTS_DIR "/eye_network.weights");

namespace maskbench {

std::string_view OwnWeights(std::string_view network) {
  if (network == EyeNetworkContract().name) {
    return {maskbench_eye_network_begin,
            static_cast<size_t>(maskbench_eye_network_end - maskbench_eye_network_begin)};
  }
  throw Error(fmt::format("The project has no network of its own named \"{}\".", network));
}

LayerGraph OwnNetwork(const std::string& network) {
  const std::string_view packed = OwnWeights(network);
  return UnpackHalfWeights(std::string(packed), BuildEyeNetwork(0), network);
}

}  // namespace maskbench
