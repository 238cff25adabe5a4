#include "maskbench/nn/half_weights.h"

#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include <c10/util/Half.h>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"

namespace maskbench {
namespace {

/// Calls `visit` with every list of learned values of a folded graph, in order.
void ForEachList(LayerGraph* graph, const std::function<void(std::vector<float>*)>& visit) {
  for (Layer& layer : graph->layers) {
    if (auto* convolution = std::get_if<ConvolutionLayer>(&layer.operation)) {
      visit(&convolution->weight.values);
      visit(&convolution->bias);
    } else if (auto* dense = std::get_if<DenseLayer>(&layer.operation)) {
      visit(&dense->weight.values);
      visit(&dense->bias);
    } else if (std::holds_alternative<AffineLayer>(layer.operation)) {
      throw Error(fmt::format("layer {} keeps a normalisation that cannot be folded.", layer.name));
    }
  }
}

}  // namespace

std::string PackHalfWeights(LayerGraph graph, Json description) {
  FoldLayers(&graph);
  std::string values;
  std::int64_t count = 0;
  ForEachList(&graph, [&](std::vector<float>* list) {
    for (const float value : *list) {
      const std::uint16_t bits = c10::Half(value).x;
      values += static_cast<char>(bits & 0xFF);
      values += static_cast<char>(bits >> 8);
      ++count;
    }
  });
  description["format"] = "maskbench-half-weights";
  description["format_version"] = 1;
  description["values"] = count;
  description["sha256"] = Sha256OfBytes(values);
  return description.dump() + "\n" + values;
}

LayerGraph UnpackHalfWeights(const std::string& packed, LayerGraph graph, const std::string& name,
                             Json* description) {
  const size_t line = packed.find('\n');
  const Json header =
      line == std::string::npos ? Json() : Json::parse(packed.substr(0, line), nullptr, false);
  if (!header.is_object() || header.value("format", "") != "maskbench-half-weights") {
    throw DataError(fmt::format("{} holds no weights of MaskBench.", name));
  }
  FoldLayers(&graph);
  std::int64_t expected = 0;
  ForEachList(&graph, [&](std::vector<float>* list) {
    expected += static_cast<std::int64_t>(list->size());
  });
  const std::string values = packed.substr(line + 1);
  if (header.value("values", std::int64_t{0}) != expected ||
      static_cast<std::int64_t>(values.size()) != 2 * expected) {
    throw DataError(
        fmt::format("{} holds {} values; the network has {}.", name, values.size() / 2, expected));
  }
  if (header.value("sha256", "") != Sha256OfBytes(values)) {
    throw DataError(fmt::format("{} is damaged: its SHA-256 is not what its header says.", name));
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  ForEachList(&graph, [&](std::vector<float>* list) {
    for (float& value : *list) {
      value =
          c10::Half(static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8), c10::Half::from_bits());
      bytes += 2;
    }
  });
  if (description != nullptr) *description = header;
  return graph;
}

}  // namespace maskbench
