// dlib's 128-d face recogniser (King, "High quality face recognition with deep metric learning",
// 2017), with the weights that face-api packs.
#include "maskbench/recognition/alignment.h"

#include "network_recogniser.h"

namespace maskbench {

void RegisterDlibResnet(Registry<Observer>* registry) {
  constexpr float k256 = 1 / 256.0F;
  AddRecogniser(
      registry,
      {{"dlib_resnet", 1, "dlib's ResNet, 128 numbers, Euclidean distance.", {"dlib_resnet"}},
       DescriptorMetric::kEuclidean,
       [](const NetworkLibrary& networks) {
         return std::make_unique<NetworkRecogniser>(
             networks, "dlib_resnet", AlignDlib,
             InputNormalization{true, {122.782F, 117.001F, 104.298F}, {k256, k256, k256}});
       }});
}

}  // namespace maskbench
