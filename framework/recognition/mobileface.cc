// A small ArcFace-style recogniser: 256 numbers, cosine.
#include "maskbench/recognition/alignment.h"

#include "network_recogniser.h"

namespace maskbench {

void RegisterMobileface(Registry<Observer>* registry) {
  AddRecogniser(
      registry,
      {{"mobileface", 1, "MobileFace, 256 numbers, cosine; sensitive to its crop.", {"mobileface"}},
       DescriptorMetric::kCosine,
       [](const NetworkLibrary& networks) {
         return std::make_unique<NetworkRecogniser>(networks, "mobileface", AlignArcFace,
                                                    InputNormalization{true, {0, 0, 0}, {1, 1, 1}});
       }});
}

}  // namespace maskbench
