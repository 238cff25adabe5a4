// The description network of the "human" package: 1024 numbers, cosine.
#include "maskbench/recognition/alignment.h"

#include "network_recogniser.h"

namespace maskbench {

void RegisterFaceres(Registry<Observer>* registry) {
  AddRecogniser(
      registry,
      {{"faceres", 1, "The human package's descriptor, 1024 numbers, cosine.", {"faceres"}},
       DescriptorMetric::kCosine,
       [](const NetworkLibrary& networks) {
         return std::make_unique<NetworkRecogniser>(
             networks, "faceres", AlignMeshBox,
             InputNormalization{false, {103.9F, 116.8F, 123.7F}, {1, 1, 1}});
       }});
}

}  // namespace maskbench
