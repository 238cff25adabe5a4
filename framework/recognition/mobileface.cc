// A small ArcFace-style recogniser: 256 numbers, cosine.
#include <array>

#include "maskbench/recognition/alignment.h"

#include "network_recogniser.h"

namespace maskbench {
namespace {

/// Image-left eye, image-right eye, nose tip, image-left and image-right corner of the mouth in the
/// 112 px chip that ArcFace models are trained on (insightface, face_align.py).
constexpr std::array<std::array<double, 2>, 5> kChipPoints = {{{38.2946, 51.6963},
                                                               {73.5318, 51.5014},
                                                               {56.0252, 71.7366},
                                                               {41.5493, 92.3655},
                                                               {70.7299, 92.2041}}};
constexpr double kChipSide = 112;

cv::Matx23d FrameFromChip(const FaceObservation& face, int side_px) {
  const auto middle = [&face](int a, int b) {
    return cv::Point2d(face.point(a) + face.point(b)) * 0.5;
  };
  const std::vector<cv::Point2d> frame = {middle(mesh::kRightEyeOuter, mesh::kRightEyeInner),
                                          middle(mesh::kLeftEyeInner, mesh::kLeftEyeOuter),
                                          cv::Point2d(face.point(mesh::kNoseTip)),
                                          cv::Point2d(face.point(mesh::kRightMouthCorner)),
                                          cv::Point2d(face.point(mesh::kLeftMouthCorner))};
  std::vector<cv::Point2d> chip;
  for (const auto& point : kChipPoints) {
    chip.emplace_back(point[0] * side_px / kChipSide, point[1] * side_px / kChipSide);
  }
  return FitSimilarity(chip, frame);
}

}  // namespace

void RegisterMobileface(Registry<Observer>* registry) {
  AddRecogniser(
      registry,
      {{"mobileface", 1, "MobileFace, 256 numbers, cosine; sensitive to its crop.", {"mobileface"}},
       DescriptorMetric::kCosine,
       [](const NetworkLibrary& networks) {
         return std::make_unique<NetworkRecogniser>(networks, "mobileface", FrameFromChip,
                                                    InputNormalization{true, {0, 0, 0}, {1, 1, 1}});
       }});
}

}  // namespace maskbench
