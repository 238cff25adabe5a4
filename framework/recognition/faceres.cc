// The description network of the "human" package: 1024 numbers, cosine.
#include "maskbench/perception/face_tracker.h"

#include "network_recogniser.h"

namespace maskbench {
namespace {

/// The crop is the face mesh's box with a fifth more.
constexpr float kMargin = 1.2F;

cv::Matx23d FrameFromChip(const FaceObservation& face, int side_px) {
  const CropRegion region = MeshRegion(face, kMargin);
  const cv::Point2f origin = region.ToFrame(0.5F, 0.5F, side_px);
  const cv::Point2f right = region.ToFrame(1.5F, 0.5F, side_px) - origin;
  return {right.x, -right.y, origin.x, right.y, right.x, origin.y};
}

}  // namespace

void RegisterFaceres(Registry<Observer>* registry) {
  AddRecogniser(
      registry,
      {{"faceres", 1, "The human package's descriptor, 1024 numbers, cosine.", {"faceres"}},
       DescriptorMetric::kCosine,
       [](const NetworkLibrary& networks) {
         return std::make_unique<NetworkRecogniser>(
             networks, "faceres", FrameFromChip,
             InputNormalization{false, {103.9F, 116.8F, 123.7F}, {1, 1, 1}});
       }});
}

}  // namespace maskbench
