#include "tfjs_graph.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

std::string DecodeBase64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t window = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) {
      throw DataError(fmt::format("'{}' is not base64.", text));
    }
    window = window << 6 | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(window >> bits & 0xff));
    }
  }
  return bytes;
}

// GraphDef JSON writes int64 as strings; hand-made files often have numbers.
int64_t DecodeInteger(const Json& value) {
  if (!value.is_string()) return value.get<int64_t>();
  const std::string text = value.get<std::string>();
  size_t used = 0;
  int64_t number = 0;
  try {
    number = std::stoll(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (text.empty() || used != text.size()) {
    throw DataError(fmt::format("'{}' is not an integer.", text));
  }
  return number;
}

// Runs `decode` on the attribute and turns whatever goes wrong into a sentence naming the node.
template <typename Decode>
auto DecodeAttribute(const TfjsNode& node, const std::string& key, Decode decode) {
  try {
    return decode(node.attributes.at(key));
  } catch (const std::exception& error) {
    throw DataError(fmt::format("Node '{}' ({}) has no usable attribute '{}': {}", node.name,
                                node.op, key, error.what()));
  }
}

// "name:0" → "name". Only the first output of a node can be referred to: none of the operators
// supported here has a second one.
std::string NodeOfTensor(const std::string& tensor) {
  const size_t colon = tensor.rfind(':');
  if (colon == std::string::npos) return tensor;
  if (tensor.substr(colon) != ":0") {
    throw DataError(fmt::format("Tensor '{}' is a second output, which is not supported.", tensor));
  }
  return tensor.substr(0, colon);
}

TfjsNode ParseNode(const Json& json) {
  TfjsNode node;
  node.name = json.at("name").get<std::string>();
  node.op = json.at("op").get<std::string>();
  if (json.contains("input")) {
    for (const Json& input : json.at("input")) {
      const std::string text = input.get<std::string>();
      const bool is_control_input = !text.empty() && text.front() == '^';
      if (!is_control_input) node.inputs.push_back(NodeOfTensor(text));
    }
  }
  node.attributes = json.value("attr", Json::object());
  return node;
}

// Kahn's algorithm, always taking the ready node that comes first in the file.
std::vector<TfjsNode> SortTopologically(std::vector<TfjsNode> nodes) {
  std::map<std::string, size_t> index_of;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!index_of.emplace(nodes[i].name, i).second) {
      throw DataError(fmt::format("Node '{}' is defined twice.", nodes[i].name));
    }
  }
  std::vector<size_t> missing_inputs(nodes.size(), 0);
  std::vector<std::vector<size_t>> consumers(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string& input : nodes[i].inputs) {
      const auto it = index_of.find(input);
      if (it == index_of.end()) {
        throw DataError(fmt::format("Node '{}' ({}) takes '{}', which does not exist.",
                                    nodes[i].name, nodes[i].op, input));
      }
      ++missing_inputs[i];
      consumers[it->second].push_back(i);
    }
  }
  std::vector<size_t> ready;  // A heap with the smallest index on top.
  const auto later = std::greater<size_t>();
  for (size_t i = nodes.size(); i-- > 0;) {
    if (missing_inputs[i] == 0) ready.push_back(i);
  }
  std::make_heap(ready.begin(), ready.end(), later);
  std::vector<TfjsNode> sorted;
  sorted.reserve(nodes.size());
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), later);
    const size_t next = ready.back();
    ready.pop_back();
    sorted.push_back(std::move(nodes[next]));
    for (const size_t consumer : consumers[next]) {
      if (--missing_inputs[consumer] > 0) continue;
      ready.push_back(consumer);
      std::push_heap(ready.begin(), ready.end(), later);
    }
  }
  if (sorted.size() != nodes.size()) {
    const auto stuck = std::find_if(missing_inputs.begin(), missing_inputs.end(),
                                    [](size_t missing) { return missing > 0; });
    throw DataError(fmt::format("The graph has a cycle through node '{}'.",
                                nodes[static_cast<size_t>(stuck - missing_inputs.begin())].name));
  }
  return sorted;
}

std::vector<std::string> ParseOutputs(const Json& model) {
  const Json* holder = &model;
  if (!model.contains("signature") && model.contains("userDefinedMetadata")) {
    holder = &model.at("userDefinedMetadata");
  }
  std::vector<std::string> outputs;
  for (const auto& [key, output] : holder->at("signature").at("outputs").items()) {
    outputs.push_back(NodeOfTensor(output.at("name").get<std::string>()));
  }
  std::sort(outputs.begin(), outputs.end());
  return outputs;
}

void CheckNames(const TfjsGraph& graph) {
  for (const TfjsNode& node : graph.nodes) {
    if (node.op == "Const" && graph.weights.count(node.name) == 0) {
      throw DataError(
          fmt::format("Const node '{}' has no entry in the weights manifest.", node.name));
    }
  }
  for (const std::string& output : graph.outputs) {
    const bool exists = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                    [&](const TfjsNode& node) { return node.name == output; });
    if (!exists) throw DataError(fmt::format("Output '{}' is not a node.", output));
  }
}

}  // namespace

std::vector<int64_t> TfjsNode::Integers(const std::string& key) const {
  return DecodeAttribute(*this, key, [](const Json& attribute) {
    std::vector<int64_t> values;
    const Json& list = attribute.at("list");
    if (list.contains("i")) {
      for (const Json& value : list.at("i")) values.push_back(DecodeInteger(value));
    }
    return values;
  });
}

std::vector<std::string> TfjsNode::Texts(const std::string& key) const {
  return DecodeAttribute(*this, key, [](const Json& attribute) {
    std::vector<std::string> values;
    const Json& list = attribute.at("list");
    if (list.contains("s")) {
      for (const Json& value : list.at("s")) {
        values.push_back(DecodeBase64(value.get<std::string>()));
      }
    }
    return values;
  });
}

std::string TfjsNode::Text(const std::string& key) const {
  return DecodeAttribute(*this, key, [](const Json& attribute) {
    return DecodeBase64(attribute.at("s").get<std::string>());
  });
}

bool TfjsNode::Flag(const std::string& key, bool value_if_absent) const {
  if (!Has(key)) return value_if_absent;
  return DecodeAttribute(*this, key,
                         [](const Json& attribute) { return attribute.at("b").get<bool>(); });
}

std::vector<int64_t> TfjsNode::Shape(const std::string& key) const {
  return DecodeAttribute(*this, key, [](const Json& attribute) {
    std::vector<int64_t> shape;
    const Json& json = attribute.at("shape");
    if (json.contains("dim")) {
      for (const Json& axis : json.at("dim")) shape.push_back(DecodeInteger(axis.at("size")));
    }
    return shape;
  });
}

TfjsGraph ReadTfjsGraph(const std::filesystem::path& model_json) {
  try {
    const Json model = ReadJsonFile(model_json);
    TfjsGraph graph;
    std::vector<TfjsNode> nodes;
    for (const Json& node : model.at("modelTopology").at("node")) nodes.push_back(ParseNode(node));
    graph.nodes = SortTopologically(std::move(nodes));
    graph.weights = ReadTfjsWeights(model.at("weightsManifest"), model_json.parent_path());
    graph.outputs = ParseOutputs(model);
    CheckNames(graph);
    return graph;
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is not a TensorFlow.js graph model: {}", model_json.string(),
                                error.what()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", model_json.string(), error.what()));
  }
}

}  // namespace maskbench
