#include "own_networks.h"

#include <array>

#include <fmt/format.h>

#include "maskbench/core/embed.h"
#include "maskbench/core/error.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/half_weights.h"
#include "maskbench/nn/learned_reader.h"

// MASKBENCH_WEIGHTS_DIR comes from the build.
MASKBENCH_EMBED_FILE(maskbench_eye_network, MASKBENCH_WEIGHTS_DIR "/eye_network.weights");
MASKBENCH_EMBED_FILE(maskbench_reader_frame, MASKBENCH_WEIGHTS_DIR "/reader_frame.weights");
MASKBENCH_EMBED_FILE(maskbench_reader_time, MASKBENCH_WEIGHTS_DIR "/reader_time.weights");

namespace maskbench {
namespace {

struct OwnEntry {
  const char* name;
  const char *begin, *end;
  LayerGraph (*untrained)();
};

const std::array<OwnEntry, 3>& OwnEntries() {
  static const std::array<OwnEntry, 3> entries = {
      {{"eye_network", maskbench_eye_network_begin, maskbench_eye_network_end,
        [] { return BuildEyeNetwork(0); }},
       {"reader_frame", maskbench_reader_frame_begin, maskbench_reader_frame_end,
        [] { return BuildReaderFrame(0); }},
       {"reader_time", maskbench_reader_time_begin, maskbench_reader_time_end,
        [] { return BuildReaderTime(0); }}}};
  return entries;
}

const OwnEntry& EntryOf(std::string_view network) {
  for (const OwnEntry& entry : OwnEntries())
    if (network == entry.name) return entry;
  throw Error(fmt::format("The project has no network of its own named \"{}\".", network));
}

}  // namespace

std::string_view OwnWeights(std::string_view network) {
  const OwnEntry& entry = EntryOf(network);
  return {entry.begin, static_cast<size_t>(entry.end - entry.begin)};
}

LayerGraph OwnNetwork(const std::string& network) {
  const OwnEntry& entry = EntryOf(network);
  return UnpackHalfWeights(std::string(OwnWeights(network)), entry.untrained(), network);
}

}  // namespace maskbench
