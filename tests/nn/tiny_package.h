#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/core/files.h"
#include "maskbench/core/json.h"
#include "maskbench/nn/contract.h"
#include "maskbench/nn/import.h"
#include "maskbench/nn/network.h"

namespace maskbench {

/// An npm package with one hand-made TensorFlow.js graph model, in a temporary folder.
class TinyPackage {
 public:
  // Attribute values as GraphDef JSON has them: byte strings are base64.
  static constexpr char kSame[] = "U0FNRQ==";
  static constexpr char kValid[] = "VkFMSUQ=";
  static constexpr char kBiasAdd[] = "Qmlhc0FkZA==";
  static constexpr char kRelu[] = "UmVsdQ==";
  static constexpr char kPrelu[] = "UHJlbHU=";

  TinyPackage(int64_t height, int64_t width, int64_t channels) {
    spec_.contract.name = "tiny";
    spec_.contract.channels = static_cast<int>(channels);
    spec_.contract.height = static_cast<int>(height);
    spec_.contract.width = static_cast<int>(width);
    spec_.source.package = "@test/tiny";
    spec_.source.version = "1.2.3";
    spec_.source.files = {"model.json", "model.bin"};
    AddNode("Placeholder", "x", {},
            {{"shape",
              {{"shape",
                {{"dim",
                  {{{"size", "-1"}},
                   {{"size", std::to_string(height)}},
                   {{"size", std::to_string(width)}},
                   {{"size", std::to_string(channels)}}}}}}}}});
  }

  void AddNode(const std::string& op, const std::string& name,
               const std::vector<std::string>& inputs, Json attributes = Json::object()) {
    nodes_.push_back({{"name", name}, {"op", op}, {"input", inputs}, {"attr", attributes}});
  }

  void AddFloats(const std::string& name, const std::vector<int64_t>& shape,
                 const std::vector<float>& values) {
    AddWeight({{"name", name}, {"shape", shape}, {"dtype", "float32"}}, values.data(),
              values.size() * sizeof(float));
  }

  void AddIntegers(const std::string& name, const std::vector<int64_t>& shape,
                   const std::vector<int32_t>& values) {
    AddWeight({{"name", name}, {"shape", shape}, {"dtype", "int32"}}, values.data(),
              values.size() * sizeof(int32_t));
  }

  void AddHalves(const std::string& name, const std::vector<uint16_t>& bits) {
    AddWeight({{"name", name},
               {"shape", {bits.size()}},
               {"dtype", "float32"},
               {"quantization", {{"dtype", "float16"}}}},
              bits.data(), bits.size() * sizeof(uint16_t));
  }

  void AddBytes(const std::string& name, const std::vector<uint8_t>& values, double scale,
                double minimum) {
    AddWeight({{"name", name},
               {"shape", {values.size()}},
               {"dtype", "float32"},
               {"quantization", {{"dtype", "uint8"}, {"scale", scale}, {"min", minimum}}}},
              values.data(), values.size());
  }

  /// Convolution attributes; `padding` is kSame or kValid.
  static Json Window(int stride, const char* padding, const std::vector<std::string>& fused = {}) {
    const std::string text = std::to_string(stride);
    Json attributes = {{"strides", {{"list", {{"i", {"1", text, text, "1"}}}}}},
                       {"dilations", {{"list", {{"i", {"1", "1", "1", "1"}}}}}},
                       {"padding", {{"s", padding}}},
                       {"data_format", {{"s", "TkhXQw=="}}}};
    if (!fused.empty()) attributes["fused_ops"] = {{"list", {{"s", fused}}}};
    return attributes;
  }

  void AddOutput(const std::string& node, const std::vector<int64_t>& shape_per_item) {
    spec_.contract.outputs.push_back({node, shape_per_item});
    spec_.source.output_nodes.push_back(node);
  }

  /// Writes the package; what Write wrote can be damaged before Import.
  void Write() const {
    Json outputs = Json::object();
    for (const std::string& node : spec_.source.output_nodes) {
      outputs[node] = {{"name", node + ":0"}};
    }
    const Json model = {{"format", "graph-model"},
                        {"signature", {{"outputs", outputs}}},
                        {"modelTopology", {{"node", nodes_}}},
                        {"weightsManifest", {{{"paths", {"model.bin"}}, {"weights", weights_}}}}};
    WriteJsonFile(Folder() / "package.json", {{"name", "@test/tiny"}, {"version", "1.2.3"}});
    WriteJsonFile(Folder() / "model.json", model);
    WriteFileAtomically(Folder() / "model.bin", bytes_);
  }

  ImportReport Import() const { return ImportNetwork(spec_, folder_.path(), ModelFolder()); }

  /// Writes, imports, loads and runs the network on one item, given in NCHW order.
  std::vector<Tensor> Run(const std::vector<float>& input) const {
    Write();
    const ImportReport report = Import();
    std::vector<Tensor> outputs;
    Network::Load(report.module_file, spec_.contract, 1)->Run(input.data(), &outputs);
    return outputs;
  }

  std::filesystem::path Folder() const { return folder_.path() / "@test/tiny"; }
  std::filesystem::path ModelFolder() const { return folder_.path() / "models"; }
  NetworkSpec& spec() { return spec_; }

 private:
  void AddWeight(Json entry, const void* data, size_t size) {
    const std::string name = entry.at("name").get<std::string>();
    AddNode("Const", name, {});
    weights_.push_back(std::move(entry));
    bytes_.append(static_cast<const char*>(data), size);
  }

  TemporaryFolder folder_;
  NetworkSpec spec_;
  Json nodes_ = Json::array();
  Json weights_ = Json::array();
  std::string bytes_;
};

}  // namespace maskbench
