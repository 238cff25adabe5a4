#include "own_networks.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/half_weights.h"

// Takes a file's bytes into the program. MASKBENCH_WEIGHTS_DIR comes from the build.
#define MASKBENCH_EMBED(symbol, file)                            \
  __asm__(                                                       \
      ".section .rodata\n"                                       \
      ".balign 16\n"                                             \
      ".global " #symbol                                         \
      "_begin\n"                                                 \
      ".global " #symbol "_end\n" #symbol                        \
      "_begin:\n"                                                \
      ".incbin \"" MASKBENCH_WEIGHTS_DIR "/" file "\"\n" #symbol \
      "_end:\n"                                                  \
      ".byte 0\n"                                                \
      ".previous\n");                                            \
  extern "C" const char symbol##_begin[], symbol##_end[]

MASKBENCH_EMBED(maskbench_eye_network, "eye_network.weights");

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
