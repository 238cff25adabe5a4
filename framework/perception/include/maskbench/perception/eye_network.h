#pragma once

#include <array>
#include <memory>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/perception/eye_crop.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// A place in the frame with its expected absolute error, px.
struct SeenPoint {
  cv::Point2d at;
  double error_px = 0;
};

/// What the eye network says of one eye, in frame pixels. Nothing in it is a measure yet: points
/// are given wherever the network puts them, and the shares say how much to believe.
struct EyeEvidence {
  EyePlacement placement;
  SeenPoint medial, lateral;  ///< Corners.
  /// Points of the lid margins at even steps across the crop, from the nose outwards; those outside
  /// of the corners mean nothing.
  std::array<cv::Point2d, kEyeMapWidth> upper, lower;
  double upper_error_px = 0, lower_error_px = 0;
  SeenPoint iris, pupil, reflex;
  double iris_y_error_px = 0;  ///< Across the eye line; iris.error_px is along it.
  /// The iris' ellipse: points p with (p − centre)ᵀ · shape⁻¹ · (p − centre) = 1, px².
  cv::Matx22d iris_shape;
  double iris_size_error_px = 0;
  /// Shares and probabilities, 0 … 1; see EyeValue.
  double iris_share = 0, reflex_seen = 0, pupil_seen = 0, in_sight = 0, shut = 0;

  /// Half of the iris' extent along the eye line, px.
  double IrisRadiusPx() const;
};

/// From one crop's raw outputs. @param maps  kEyeMapHeight × kEyeMapWidth × kEyeMaps.
/// @param values  kEyeValues.
EyeEvidence DecodeEye(const float* maps, const float* values, const EyePlacement& placement);

/// Runs the eye network on both eyes of a face. One per worker.
class EyeNetwork {
 public:
  explicit EyeNetwork(const NetworkLibrary& networks);

  /// @param bgr  8 bit. @return by Side.
  std::array<EyeEvidence, 2> Look(const cv::Mat& bgr,
                                  const std::array<EyePlacement, 2>& placements);

  /// Where the face mesh puts the eyes.
  static std::array<EyePlacement, 2> Placements(const FaceObservation& face);

 private:
  std::unique_ptr<Network> network_;
  std::vector<float> input_;
  std::vector<Tensor> outputs_;
  cv::Mat crop_;
};

}  // namespace maskbench
