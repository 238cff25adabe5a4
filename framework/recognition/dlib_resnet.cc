// dlib's 128-d face recogniser (King, "High quality face recognition with deep metric learning",
// 2017), with the weights that face-api packs.
#include <array>

#include "maskbench/recognition/alignment.h"

#include "network_recogniser.h"

namespace maskbench {
namespace {

/// Mean positions of the five points in dlib's chip of size 1, before its border of a quarter
/// (dlib, image_transforms/interpolation.h): the outer and inner corner of the left eye, of the
/// right eye, and the base of the nose.
constexpr std::array<std::array<double, 2>, 5> kChipPoints = {{{0.8595674595992, 0.2134981538014},
                                                               {0.6460604764104, 0.2289674387677},
                                                               {0.1205750620789, 0.2137274526848},
                                                               {0.3340850613712, 0.2290642403242},
                                                               {0.4901123135679, 0.6277975316475}}};
constexpr double kBorder = 0.25;

cv::Matx23d FrameFromChip(const FaceObservation& face, int side_px) {
  constexpr std::array<int, 5> kVertices = {mesh::kLeftEyeOuter, mesh::kLeftEyeInner,
                                            mesh::kRightEyeOuter, mesh::kRightEyeInner,
                                            mesh::kSubnasale};
  std::vector<cv::Point2d> chip, frame;
  for (size_t i = 0; i < kVertices.size(); ++i) {
    chip.emplace_back(side_px * (kBorder + kChipPoints[i][0]) / (1 + 2 * kBorder),
                      side_px * (kBorder + kChipPoints[i][1]) / (1 + 2 * kBorder));
    frame.emplace_back(face.point(kVertices[i]));
  }
  return FitSimilarity(chip, frame);
}

}  // namespace

void RegisterDlibResnet(Registry<Observer>* registry) {
  constexpr float k256 = 1 / 256.0F;
  AddRecogniser(
      registry,
      {{"dlib_resnet", 1, "dlib's ResNet, 128 numbers, Euclidean distance.", {"dlib_resnet"}},
       DescriptorMetric::kEuclidean,
       [](const NetworkLibrary& networks) {
         return std::make_unique<NetworkRecogniser>(
             networks, "dlib_resnet", FrameFromChip,
             InputNormalization{true, {122.782F, 117.001F, 104.298F}, {k256, k256, k256}});
       }});
}

}  // namespace maskbench
